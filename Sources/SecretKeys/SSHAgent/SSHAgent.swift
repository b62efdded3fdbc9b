import Primitives
import Signatures

/// A running ssh-agent, asked over its socket (RFC 9987): OpenSSH's, gpg-agent's, or another.
///
/// It is of the person's own machine and yet not trusted: every answer has limits, and a signature counts only once it
/// has been verified.
package struct SSHAgent: Sendable {
    /// A key that the agent holds.
    package struct Identity: Hashable, Sendable {
        package let key: SSHPublicKey
        /// What the person or the agent calls it. Text of others, of any length up to 4096 bytes.
        package let comment: ByteString
    }

    /// OpenSSH's own limit.
    static let identityLimit = 2048
    private static let commentLimit = 4096

    private enum Message {
        static let failure: UInt8 = 5
        static let requestIdentities: UInt8 = 11
        static let identitiesAnswer: UInt8 = 12
        static let signRequest: UInt8 = 13
        static let signResponse: UInt8 = 14
    }

    let socket: String
    private let times: SSHAgentTimes
    private let notice: @Sendable () -> Void

    /// - Parameters:
    ///   - socket: the path that `SSH_AUTH_SOCK` holds; nil or empty when there is none: throws `.noAgent`.
    ///   - notice: called when a signature takes long, to tell the person to look for a token or a window.
    package init(
        socket: String?, times: SSHAgentTimes = SSHAgentTimes(), notice: @escaping @Sendable () -> Void
    ) throws(KeyFault) {
        guard let socket, !socket.isEmpty else { throw KeyFault(.noAgent, found: "no SSH_AUTH_SOCK") }
        self.socket = socket
        self.times = times
        self.notice = notice
    }

    /// All keys that the agent holds, of whatever type, in its order.
    ///
    /// Throws `.noAgent`, `.agentSilent`, `.agentRefused`, `.agentMalformed`.
    package func identities() throws(KeyFault) -> [Identity] {
        var patience = Patience(limit: times.listing)
        let answer = try SSHAgentConnection(socket).exchange([Message.requestIdentities], &patience)
        return try read(answer, as: Message.identitiesAnswer) { (reader) throws(SSHEncodingFault) in
            let count = try reader.uint32()
            guard count <= Self.identityLimit else {
                throw SSHEncodingFault(found: "\(count) keys", expected: "at most \(Self.identityLimit)")
            }
            var identities: [Identity] = []
            for _ in 0..<count {
                let key = try SSHPublicKey(blob: reader.string(atMost: SSHPublicKey.longest))
                identities.append(Identity(key: key, comment: ByteString(try reader.string(atMost: Self.commentLimit))))
            }
            return identities
        }
    }

    /// What the agent gives for an Ed25519 signature over `message`, not verified yet.
    ///
    /// Throws as `identities` does, and `.tooLongForAgent`.
    func signature(over message: [UInt8], by key: SSHPublicKey) throws(KeyFault) -> [UInt8] {
        var request = SSHWriter()
        request.byte(Message.signRequest)
        request.string(key.blob)
        request.string(message)
        // Flags choose between the hashes of RSA only.
        request.uint32(0)
        var patience = Patience(limit: times.signing, beforeNotice: times.beforeNotice, notice: notice)
        let answer = try SSHAgentConnection(socket).exchange(request.bytes, &patience)
        let signature = try read(answer, as: Message.signResponse, refusal: "a message of \(message.count) bytes") {
            (reader) throws(SSHEncodingFault) in try reader.string(atMost: SSHPublicKey.longest)
        }
        return try reading { () throws(SSHEncodingFault) in try Self.ed25519Signature(signature) }
    }

    /// RFC 8709 section 6.
    private static func ed25519Signature(_ blob: [UInt8]) throws(SSHEncodingFault) -> [UInt8] {
        var reader = SSHReader(blob)
        let type = ByteString(try reader.string(atMost: SSHPublicKey.ed25519Type.count))
        guard type == SSHPublicKey.ed25519Type else {
            throw SSHEncodingFault(
                found: "a signature of type \"\(type)\"", expected: SSHPublicKey.ed25519Type.description)
        }
        let count = Ed25519.signatureByteCount
        let signature = try reader.string(atMost: count)
        try reader.checkIsAtEnd()
        guard signature.count == count else {
            throw SSHEncodingFault(found: "a signature of \(signature.count) bytes", expected: "\(count)")
        }
        return signature
    }

    /// Reads an answer that must be of the type `expected`, and nothing behind what `body` reads of it.
    private func read<Content>(
        _ answer: [UInt8], as expected: UInt8, refusal: String? = nil,
        _ body: (inout SSHReader) throws(SSHEncodingFault) -> Content
    ) throws(KeyFault) -> Content {
        // The draft that gave an extension's failure a number of its own came later; agents send 5 for all else.
        if answer.first == Message.failure { throw KeyFault(.agentRefused, found: refusal, at: socket) }
        return try reading { () throws(SSHEncodingFault) in
            var reader = SSHReader(answer)
            let type = try reader.byte()
            guard type == expected else {
                throw SSHEncodingFault(found: "an answer of type \(type)", expected: "type \(expected)")
            }
            let content = try body(&reader)
            try reader.checkIsAtEnd()
            return content
        }
    }

    private func reading<Content>(
        _ body: () throws(SSHEncodingFault) -> Content
    ) throws(KeyFault) -> Content {
        do { return try body() } catch {
            throw KeyFault(.agentMalformed, found: error.found, expected: error.expected, at: socket)
        }
    }
}

import Primitives

/// A `.minisig` file: an Ed25519 signature over the BLAKE2b-512 of a file, and another over that signature and the
/// trusted comment. minisign's older kind, over the file itself, is refused: it would have to be held in memory.
package struct MinisignSignature: Hashable, Sendable {
    /// Bytes of a whole `.minisig` or public key file.
    package static let byteLimit = 10 << 10
    private static let algorithm = Array("ED".utf8)
    private static let legacyAlgorithm = Array("Ed".utf8)

    /// Anybody can change it: never shown, never judged by.
    package let untrustedComment: ByteString
    package let keyNumber: [UInt8]
    /// By the key over the file's BLAKE2b-512.
    package let signature: [UInt8]
    /// What the signer says of the file. Proves nothing until `verify` returns it.
    private let trustedComment: ByteString
    /// By the key over `globalMessage`.
    private let globalSignature: [UInt8]

    /// Signs by `sign`, which is asked twice.
    ///
    /// - Parameters:
    ///   - digest: BLAKE2b-512 of the file.
    ///   - untrustedComment, trustedComment: one line each.
    package init(
        digest: [UInt8], key: MinisignKey, untrustedComment: ByteString, trustedComment: ByteString,
        sign: ([UInt8]) throws -> [UInt8]
    ) rethrows {
        self.untrustedComment = untrustedComment
        self.trustedComment = trustedComment
        keyNumber = key.number
        signature = try sign(digest)
        globalSignature = try sign(Self.globalMessage(signature, trustedComment))
    }

    /// What the second signature covers: so neither comment nor signature can be put beside another.
    private static func globalMessage(_ signature: [UInt8], _ trustedComment: ByteString) -> [UInt8] {
        signature + trustedComment.bytes
    }

    /// The signer's trusted comment, once both signatures are `key`'s and the first is over `digest`.
    ///
    /// Throws `.otherKey` when it says to be by another key, `.invalid` for all else that is wrong.
    ///
    /// - Parameter digest: BLAKE2b-512 of the file.
    package func verify(digest: [UInt8], by key: MinisignKey) throws(MinisignFault) -> ByteString {
        guard keyNumber == key.number else {
            throw MinisignFault(
                .otherKey, found: "key number \(MinisignKey.shown(keyNumber))", expected: MinisignKey.shown(key.number))
        }
        guard digest.count == BLAKE2bHasher.byteCount,
            Ed25519.isValid(signature: signature, for: digest, publicKey: key.publicKey)
        else { throw MinisignFault(.invalid, found: "a signature over another file, or by another key") }
        let message = Self.globalMessage(signature, trustedComment)
        guard Ed25519.isValid(signature: globalSignature, for: message, publicKey: key.publicKey) else {
            throw MinisignFault(.invalid, found: "a trusted comment that was not signed")
        }
        return trustedComment
    }
}

extension MinisignSignature {
    /// The file.
    package var encoded: [UInt8] {
        let text = [
            Array(MinisignText.untrusted.utf8) + untrustedComment.bytes,
            Array(Base64.encode(Self.algorithm + keyNumber + signature).utf8),
            Array(MinisignText.trusted.utf8) + trustedComment.bytes, Array(Base64.encode(globalSignature).utf8),
        ]
        return text.flatMap { $0 + Array("\n".utf8) }
    }

    /// Reads a `.minisig` file. Throws `.malformed`, or `.legacy`.
    package static func decode(_ bytes: [UInt8]) throws(MinisignFault) -> MinisignSignature {
        let lines = try MinisignText.lines(bytes, count: 4)
        let untrusted = try MinisignText.comment(lines[0], after: MinisignText.untrusted, "line 1")
        let lengths = [algorithm.count, MinisignKey.numberByteCount, Ed25519.signatureByteCount]
        let parts = try MinisignText.fields(lines[1], lengths, "line 2")
        guard parts[0] != legacyAlgorithm else { throw MinisignFault(.legacy, at: "line 2") }
        guard parts[0] == algorithm else {
            throw MinisignFault(.malformed, found: "an unknown algorithm", expected: "ED", at: "line 2")
        }
        let trusted = try MinisignText.comment(lines[2], after: MinisignText.trusted, "line 3")
        let global = try MinisignText.fields(lines[3], [Ed25519.signatureByteCount], "line 4")
        return MinisignSignature(
            untrustedComment: untrusted, keyNumber: parts[1], signature: parts[2], trustedComment: trusted,
            globalSignature: global[0])
    }

    private init(
        untrustedComment: ByteString, keyNumber: [UInt8], signature: [UInt8], trustedComment: ByteString,
        globalSignature: [UInt8]
    ) {
        self.untrustedComment = untrustedComment
        self.keyNumber = keyNumber
        self.signature = signature
        self.trustedComment = trustedComment
        self.globalSignature = globalSignature
    }
}

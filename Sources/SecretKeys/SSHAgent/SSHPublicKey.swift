import FoundationEssentials
import Primitives
import Signatures

/// A public key as SSH encodes it (RFC 4253 section 6.6; Ed25519: RFC 8709 section 4).
package struct SSHPublicKey: Hashable, Sendable {
    static let ed25519Type: ByteString = "ssh-ed25519"
    /// An RSA key of 16384 bits, or a certificate with many names, is far below.
    static let longest = 16 << 10
    private static let longestType = 64

    /// The encoding: the name of the type, then what belongs to that type.
    let blob: [UInt8]
    /// `ssh-ed25519`, `ssh-rsa`, `sk-ssh-ed25519@openssh.com` …
    package let type: ByteString
    /// The 32 bytes of an `ssh-ed25519` key, nil for all other types: this tool signs with no others.
    package let ed25519: [UInt8]?

    /// Of types that we cannot use only the name is read.
    init(blob: [UInt8]) throws(SSHEncodingFault) {
        var reader = SSHReader(blob)
        type = ByteString(try reader.string(atMost: Self.longestType))
        self.blob = blob
        guard type == Self.ed25519Type else {
            ed25519 = nil
            return
        }
        let count = Ed25519.publicKeyByteCount
        let bytes = try reader.string(atMost: count)
        try reader.checkIsAtEnd()
        guard bytes.count == count else {
            throw SSHEncodingFault(found: "a key of \(bytes.count) bytes", expected: "\(count)")
        }
        ed25519 = bytes
    }

    /// `bytes` are the 32 of an Ed25519 key.
    init(ed25519 bytes: [UInt8]) {
        var writer = SSHWriter()
        writer.string(Self.ed25519Type.bytes)
        writer.string(bytes)
        blob = writer.bytes
        type = Self.ed25519Type
        ed25519 = bytes
    }

    /// `SHA256:…` as `ssh-add -l` shows it: base 64 without padding.
    package var fingerprint: String {
        let text = Data(Digest.sha256(of: blob).bytes).base64EncodedString()
        return "SHA256:" + text.prefix { $0 != "=" }
    }

    /// The 32 bytes of an Ed25519 key. Throws `.unsupported`, which says why a key of another type does not serve.
    package func checkedEd25519(at location: String) throws(KeyFault) -> [UInt8] {
        guard let ed25519 else {
            throw KeyFault(
                .unsupported, found: "\"\(type)\"", expected: "\"\(Self.ed25519Type)\"", at: location, hint: advice)
        }
        return ed25519
    }

    private var advice: String { Self.advice(onType: type) }

    /// What to do instead of using a key of another type, be it public or secret. Shows nothing of `type`.
    static func advice(onType type: ByteString) -> String {
        let another = "make one with ssh-keygen -t ed25519, or on an OpenPGP card"
        if type.description.contains("-cert-v0") { return "this is a certificate; give the key that it certifies" }
        if ["sk-", "webauthn-"].contains(where: { type.bytes.starts(with: $0.utf8) }) {
            return "a FIDO key signs data of its own along, which no reader of this metadata can verify; \(another)"
        }
        return "releases are signed with Ed25519 only; \(another)"
    }
}

/// The one line of an OpenSSH public key file: `ssh-ed25519 AAAA… comment`, as `ssh-keygen` and `ssh-add -L` write it.
package struct OpenSSHPublicKeyLine: Hashable, Sendable {
    package static let byteLimit = 2 * SSHPublicKey.longest

    package let key: SSHPublicKey
    package let comment: ByteString

    /// Enough for `isLikely`.
    static let beginningByteCount = 16

    /// Whether a file seems to be one, of whatever type of key, by its beginning.
    package static func isLikely(_ bytes: some Sequence<UInt8>) -> Bool {
        ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].contains { bytes.starts(with: $0.utf8) }
    }

    /// Throws `.malformed`; a key of any type is read, see `SSHPublicKey.checkedEd25519`.
    package static func decode(_ bytes: [UInt8], at location: String) throws(KeyFault) -> OpenSSHPublicKeyLine {
        func malformed(_ found: String, _ expected: String) -> KeyFault {
            KeyFault(.malformed, found: found, expected: expected, at: location)
        }
        guard bytes.count <= byteLimit else { throw malformed("\(bytes.count) bytes", "an OpenSSH public key") }
        let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        guard lines.count == 1, let line = lines.first else {
            throw malformed("\(lines.count) lines", "the line of one OpenSSH public key")
        }
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2 else { throw malformed("too few words", "type, key and comment") }
        guard let blob = base64(words[1]) else { throw malformed("other characters", "a key in base 64") }
        do {
            let key = try SSHPublicKey(blob: blob)
            guard key.type.bytes.elementsEqual(words[0]) else {
                throw malformed("\"\(ByteString(Array(words[0])))\"", "\"\(key.type)\", the type that the key says")
            }
            return OpenSSHPublicKeyLine(key: key, comment: ByteString(words.count > 2 ? Array(words[2]) : []))
        } catch let fault as SSHEncodingFault {
            throw malformed(fault.found, fault.expected)
        } catch let fault as KeyFault {
            throw fault
        } catch {
            throw malformed("an unreadable key", "an OpenSSH public key")
        }
    }

    /// Strictly: no other characters, and the one spelling that these bytes have.
    private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let bytes = Data(base64Encoded: Data(text)), Data(text) == bytes.base64EncodedData() else { return nil }
        return bytes.count <= SSHPublicKey.longest ? Array(bytes) : nil
    }
}

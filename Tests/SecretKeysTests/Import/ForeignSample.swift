import Foundation
import Primitives
import Signatures

@testable import SecretKeys

/// Key files as the three tools write them, made field by field so that a test can bend each.
struct ForeignSample {
    enum Kind: CaseIterable {
        case minisign
        case signify
        case openSSH

        var format: ForeignKeyFile.Format {
            switch self {
            case .minisign: .minisign
            case .signify: .signify
            case .openSSH: .openSSH
            }
        }
    }

    let key: SecretKey
    let seed: [UInt8]
    let publicBytes: [UInt8]

    init() throws {
        key = try SecretKey.generate(name: KeyName("alice"))
        seed = key.seed.withUnsafeBytes { Array($0) }
        publicBytes = key.publicKey.material
    }

    var pair: [UInt8] { seed + publicBytes }

    // MARK: binary

    func blob(_ kind: Kind) -> [UInt8] {
        switch kind {
        case .minisign: minisign()
        case .signify: signify()
        case .openSSH: openSSH()
        }
    }

    func minisign(
        derivation: String = "\0\0", operations: UInt64 = 0, memory: UInt64 = 0, pair: [UInt8]? = nil,
        checksum: [UInt8] = [UInt8](repeating: 0, count: 32)
    ) -> [UInt8] {
        Array("Ed\(derivation)B2".utf8) + [UInt8](repeating: 0, count: 32) + littleEndian(operations)
            + littleEndian(memory) + Array("keynumbr".utf8) + (pair ?? self.pair) + checksum
    }

    func signify(rounds: UInt32 = 0, pair: [UInt8]? = nil, checksum: [UInt8]? = nil) -> [UInt8] {
        let pair = pair ?? self.pair
        return Array("EdBK".utf8) + bigEndian(rounds) + [UInt8](repeating: 7, count: 16)
            + (checksum ?? Array(HashAlgorithm.sha512.digest(of: pair).prefix(8))) + Array("keynumbr".utf8) + pair
    }

    func openSSH(
        cipher: String = "none", derivation: String = "none", options: [UInt8] = [], count: UInt32 = 1,
        outer: [UInt8]? = nil, inner: [UInt8]? = nil, trailing: [UInt8] = []
    ) -> [UInt8] {
        Array("openssh-key-v1\0".utf8) + string(cipher) + string(derivation) + string(options) + bigEndian(count)
            + string(outer ?? publicBlob()) + string(inner ?? secretPart()) + trailing
    }

    func publicBlob(type: String = "ssh-ed25519", material: [UInt8]? = nil) -> [UInt8] {
        string(type) + string(material ?? publicBytes)
    }

    func secretPart(
        checks: (UInt32, UInt32) = (7, 7), type: String = "ssh-ed25519", material: [UInt8]? = nil,
        pair: [UInt8]? = nil, comment: String = "alice@example.org", padding: [UInt8]? = nil
    ) -> [UInt8] {
        let part =
            bigEndian(checks.0) + bigEndian(checks.1) + string(type) + string(material ?? publicBytes)
            + string(pair ?? self.pair) + string(comment)
        let missing = (8 - part.count % 8) % 8
        return part + (padding ?? (0..<missing).map { UInt8($0 + 1) })
    }

    func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
    func string(_ bytes: [UInt8]) -> [UInt8] { bigEndian(UInt32(bytes.count)) + bytes }
    func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
    private func littleEndian(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

    // MARK: text

    func text(_ kind: Kind) -> [UInt8] { Self.text(kind, blob(kind)) }

    static func text(_ kind: Kind, _ blob: [UInt8]) -> [UInt8] {
        let base64 = Data(blob).base64EncodedString()
        switch kind {
        case .minisign: return Array("untrusted comment: minisign encrypted secret key\n\(base64)\n".utf8)
        case .signify: return Array("untrusted comment: signify secret key\n\(base64)\n".utf8)
        case .openSSH:
            var lines: [Substring] = []
            var rest = base64[...]
            while !rest.isEmpty {
                lines.append(rest.prefix(70))
                rest = rest.dropFirst(70)
            }
            let body = lines.joined(separator: "\n")
            return Array("-----BEGIN OPENSSH PRIVATE KEY-----\n\(body)\n-----END OPENSSH PRIVATE KEY-----\n".utf8)
        }
    }
}

/// Imports `text` as a command would.
func importKey(_ text: [UInt8], passphrase: String? = nil) throws -> SecretKey {
    let file = try ForeignKeyFile.decode(SecretBytes(copying: text))
    return try file.secretKey(
        name: KeyName("alice"), passphrase: passphrase.map { try SecretBytes(copying: Array($0.utf8)) })
}

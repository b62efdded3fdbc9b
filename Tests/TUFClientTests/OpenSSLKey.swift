import CanonicalJSON
import Foundation
import Signatures
import SystemPackage
import TestSupport
import Testing

/// A key made by the real openssl in a folder of its own, and what it signs.
struct OpenSSLKey {
    enum Kind: Sendable {
        case p256, p384, rsa

        var generate: [String] {
            switch self {
            case .p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            case .p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
            case .rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
            }
        }
    }

    /// PEM as openssl writes it.
    let pem: String
    private let folder = try? TemporaryFolder()

    init(_ kind: Kind) throws {
        let folder = try #require(folder)
        try Self.run(["genpkey", "-out", folder.path("secret").string] + kind.generate)
        pem = String(decoding: try Self.run(["pkey", "-in", folder.path("secret").string, "-pubout"]), as: UTF8.self)
    }

    /// `options` are those of `openssl dgst`, after the digest.
    func sign(_ message: [UInt8], digest: String = "sha256", _ options: [String] = []) throws -> [UInt8] {
        let folder = try #require(folder)
        let file = try folder.write(String(decoding: message, as: UTF8.self), to: "message")
        return try Self.run(
            ["dgst", "-\(digest)", "-sign", folder.path("secret").string]
                + options.flatMap { ["-sigopt", $0] } + [file.string])
    }

    @discardableResult
    private static func run(_ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(bytes)
    }
}

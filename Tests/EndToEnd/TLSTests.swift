import Foundation
import SystemPackage
import TestSupport
import Testing

/// A mirror behind TLS, served by Python's `ssl`; it ends when released.
private final class TLSServer {
    let port: String
    private let process = Process()
    private let input = Pipe()

    init(_ folder: String, certificate: String, name: String) throws {
        process.executableURL = try Tool.python().executable
        process.arguments = ["Tests/Peers/tls_server.py", folder, certificate, name]
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(line.split(separator: "\n").first.map(String.init), "tls_server.py said nothing")
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

@Suite("A mirror behind TLS")
struct TLSTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Whom the certificate is for.
        let name: String
        let isTrusted: Bool
        let status: Int32
    }

    static let cases = [
        Case(testDescription: "certificate for this address, trusted", name: "127.0.0.1", isTrusted: true, status: 0),
        Case(testDescription: "certificate that nobody vouches for", name: "127.0.0.1", isTrusted: false, status: 1),
        Case(testDescription: "certificate for another name", name: "example.org", isTrusted: true, status: 1),
    ]

    @Test(arguments: cases)
    func `is used only with a certificate that holds`(row: Case) throws {
        let association = try Association()
        try association.release("2.11.1")
        let certificate = association.folder.path("certificate.pem").string
        let server = try TLSServer(association.releases, certificate: certificate, name: row.name)
        try association.configure(mirrors: "https://127.0.0.1:\(server.port)/")
        if row.isTrusted {
            let text = try #require(try association.folder.read("instance/agent.yaml"))
            try association.folder.write(text + Array("ca_file: \(certificate)\n".utf8), to: "instance/agent.yaml")
        }
        try association.initialiseAgent()
        let result = try association.agent("update")
        #expect(result.status == row.status, "\(result.errors)")
        #expect(result.errors.contains("[transport/tls-failed]") == (row.status != 0), "\(result.errors)")
        #expect(try association.installed() == (row.status == 0 ? "mail suite 2.11.1\n" : nil))
    }
}

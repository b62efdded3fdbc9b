import Foundation
internal import Glibc
import Primitives
import Signatures
import SystemPackage

/// nginx as a mirror: a folder behind TLS and HTTP/2, with a certificate made for this run. It ends when released.
package final class Nginx {
    package let port: UInt16
    /// PEM, to be trusted.
    package let certificate: FilePath
    /// `sha256//…` of its key.
    package let pin: String
    private let process = Process()
    private let accessLog: FilePath

    /// `scratch`: a folder for its files. `rules`: lines of its configuration for this server.
    package init(serving folder: FilePath, scratch: TemporaryFolder, rules: String = "") throws {
        certificate = try Self.makeCertificate(in: scratch)
        pin = try Self.pin(of: certificate)
        accessLog = scratch.path("nginx/access.log")
        port = try FreePort.find(1).first ?? 0
        let file = try scratch.write(
            Self.configuration(serving: folder, at: scratch.path("nginx"), certificate, port, rules),
            to: "nginx/nginx.conf")
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/nginx")
        process.arguments = ["-p", scratch.path("nginx").string, "-c", file.string, "-e", "stderr"]
        let errors = Pipe()
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var said = ""
        // Said when it listens.
        while !said.contains("event method"), case let more = errors.fileHandleForReading.availableData, !more.isEmpty {
            said += String(decoding: more, as: UTF8.self)
        }
        guard said.contains("event method") else { throw PeerProgram.Objection(description: "nginx said: \(said)") }
    }

    deinit {
        // What is started from a thread of ours may have all other signals blocked, as the thread has.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    package var url: String { "https://127.0.0.1:\(port)/" }

    /// One line for each request: protocol, number of the connection, path. It is written when an answer has been sent;
    /// `count` of them are waited for.
    package func requests(_ count: Int) throws -> [[String]] {
        let patience = ContinuousClock.now + .seconds(10)
        while true {
            let text = try String(contentsOfFile: accessLog.string, encoding: .utf8)
            let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            if lines.count >= count || .now > patience { return lines }
        }
    }

    private static func configuration(
        serving folder: FilePath, at scratch: FilePath, _ certificate: FilePath, _ port: UInt16, _ rules: String
    ) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(scratch)/\($0);" }.joined(separator: " ")
        return """
            daemon off; master_process off; error_log stderr notice; pid \(scratch)/pid;
            events {}
            http {
                \(temporary)
                log_format short "$server_protocol $connection $request_uri";
                access_log \(scratch)/access.log short;
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(certificate); ssl_certificate_key \(certificate).secret;
                    root \(folder);
                    \(rules)
                }
            }
            """
    }

    private static func makeCertificate(in scratch: TemporaryFolder) throws -> FilePath {
        let certificate = scratch.path("certificate.pem")
        _ = try PeerProgram.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate.string + ".secret",
                "-out", certificate.string,
            ])
        return certificate
    }

    /// Of the public key as `openssl` gives it out: base64 between two lines of dashes.
    private static func pin(of certificate: FilePath) throws -> String {
        let pem = try PeerProgram.run("/usr/bin/openssl", ["x509", "-in", certificate.string, "-noout", "-pubkey"])
        let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        guard let der = Data(base64Encoded: base64) else { throw PeerProgram.Objection(description: pem) }
        let digest = Digest.sha256(of: [UInt8](der))
        return "sha256//" + Data(Hex.decode(Array(digest.hex.utf8)) ?? []).base64EncodedString()
    }
}

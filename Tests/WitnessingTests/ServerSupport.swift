import Foundation
import NIOCore
import StaticHTTP
import SystemPackage
import TestSupport
import TransparencyLog
import WitnessHTTP
import Witnessing

/// A witness behind HTTP on a free port of the loopback. Shuts down with the test.
final class RunningWitness {
    let witness: Witness
    let server: WitnessServer

    init(
        _ bench: Bench, logs: [LogSimulator]? = nil, _ configure: (inout WitnessServerConfiguration) -> Void = { _ in }
    ) throws {
        let keys = try logs?.map { try NoteKey(vkey: $0.vkey) }
        witness = try bench.witness(logs: keys)
        var configuration = WitnessServerConfiguration()
        configuration.lingerTimeout = .milliseconds(200)
        configure(&configuration)
        server = try WitnessServer(
            witness, on: [ListenAddress(host: "127.0.0.1", port: 0)], configuration: configuration,
            clock: { Date(timeIntervalSince1970: 784_111_777) })
    }

    deinit {
        try? server.shutDown()
    }

    var port: Int { server.addresses[0].port }
    var url: String { server.addresses[0].url }

    func client() throws -> RawClient { try RawClient(port: port) }

    func head(_ length: Int, _ fields: String = "") -> String {
        "POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    func post(_ body: [UInt8], _ client: RawClient) throws -> RawClient.Response {
        client.send(Array(head(body.count).utf8) + body)
        return try client.response()
    }
}

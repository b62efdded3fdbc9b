import SystemPackage
import TestSupport
import Testing

@Suite("An error case of whoever runs the server")
struct ServerErrorTests {
    @Test(arguments: ["0", "-1", "1000001", "9223372036854775807", "9223372036854775808", "many"])
    func `with a number of connections that no machine has is a usage error`(connections: String) throws {
        let folder = try TemporaryFolder()
        let result = try Tool.serve.run([folder.path.string, "--max-connections=\(connections)"])
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("sceau-serve: error: [command/arguments] "))
    }
}

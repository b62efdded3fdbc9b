import CanonicalJSON
import Foundation
import Primitives
import TUF
import Testing

@Suite("The witness policy in root")
struct WitnessPolicyFieldTests {
    private let text: ByteString = "log example.org/log+0a0b0c0d+AQ==\r\n\tquorum none # \u{e9}\n"

    private func root(_ extra: JSONObject = [:]) -> Root {
        Root(
            header: PayloadHeader(version: 1, expires: Date(timeIntervalSince1970: 1_790_000_000)), keys: [:],
            roles: [:], extra: extra)
    }

    @Test func `is absent from a root that names none`() throws {
        #expect(try root().witnessPolicy == nil)
    }

    @Test func `is a string that comes back byte for byte, and goes without a trace`() throws {
        var root = root(["x-other": true])
        root.setWitnessPolicy(text)
        #expect(try root.witnessPolicy == text)
        #expect(root.extra["x-sceau-witness-policy"] == .string(text))
        let encoded = JSONValue.object(root.json).fileEncoding
        let decoded = try JSONValue.decode(encoded, limits: JSONLimits(bytes: 64 << 10, depth: 8))
        #expect(try JSONReader(decoded, at: "root").field("x-sceau-witness-policy").string() == text)
        root.setWitnessPolicy(nil)
        #expect(root.json == self.root(["x-other": true]).json)
    }

    @Test(arguments: [JSONValue.null, .bool(false), .integer(0), .array([]), .object([:]), .array([.string("log")])])
    func `of another type is refused, not taken for absent`(value: JSONValue) {
        let fault = #expect(throws: JSONFault.self) { try root(["x-sceau-witness-policy": value]).witnessPolicy }
        #expect(fault?.code == .wrongType)
        #expect(fault?.location == "root.x-sceau-witness-policy")
    }
}

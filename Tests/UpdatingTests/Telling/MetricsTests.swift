import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import TestSupport
import Testing

@testable import Updating

@Suite struct MetricsTests {
    private func lines(_ instance: TestInstance) throws -> [String] {
        Metrics.text(of: try instance.agent().status(), at: instance.now).split(separator: "\n").map(String.init)
    }

    /// Name and labels to value; the labels that every line has are left out.
    private func values(_ instance: TestInstance) throws -> [String: String] {
        let samples = try lines(instance).filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.replacing("{product=\"mail-suite\",channel=\"stable\"", with: "{").split(separator: " ")
            return (parts.dropLast().joined(separator: " ").replacing("{,", with: "{"), String(parts.last ?? ""))
        }
        return Dictionary(uniqueKeysWithValues: samples)
    }

    @Test("the numbers follow what becomes of an instance")
    func life() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        #expect(try values(instance)["sceau_agent_update_available{}"] == "0")
        #expect(try values(instance)["sceau_agent_installed_info{version=\"\"}"] == "1")
        #expect(try values(instance)["sceau_agent_healthy{}"] == nil)
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        _ = try instance.agent().check()
        _ = try instance.agent().hold(until: nil, reason: "")
        let values = try values(instance)
        #expect(values["sceau_agent_installed_info{version=\"1.0\"}"] == "1")
        #expect(values["sceau_agent_update_available{}"] == "1")
        #expect(values["sceau_agent_update_info{version=\"1.1\",severity=\"important\"}"] == "1")
        #expect(values["sceau_agent_waiting{reason=\"hold\"}"] == "1")
        #expect(values["sceau_agent_held{}"] == "1")
        #expect(values["sceau_agent_healthy{}"] == "1")
        #expect(values["sceau_agent_under_way{}"] == "0")
        let expires = try #require(try instance.agent().status().metadata?.expires)
        #expect(values["sceau_agent_metadata_expires_timestamp_seconds{}"] == "\(Int(expires.timeIntervalSince1970))")
    }

    @Test("a quotation mark with an accent on it, or a line's end of two characters, ends no label")
    func joinedCharacters() {
        #expect(Metrics.escaped("a\"\u{301}} 1\r\n\\\u{301}") == "a\\\"\u{301}} 1\r\\n\\\\\u{301}")
    }

    @Test("what a label holds cannot end it, and each name is described once, before its values")
    func form() throws {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        try instance.initialise()
        let hostile =
            "{\"code\":\"a\\\"} 1\\n\\\\evil\",\"message\":\"m\",\"operation\":\"check\","
            + "\"time\":\"2026-01-01T00:00:00Z\"}"
        try instance.folder.write(hostile, to: "state/last-error.json")
        let lines = try lines(instance)
        #expect(lines.last?.hasPrefix("sceau_agent_last_error{") == true)
        #expect(lines.last?.contains("code=\"a\\\"} 1\\\\u{a}\\\\evil\"} 1") == true, "\(lines.last ?? "")")
        var described: Set<Substring> = []
        for line in lines {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") { #expect(described.insert(words[2]).inserted) }
            if !line.hasPrefix("#") { #expect(described.contains(line.prefix { $0 != "{" })) }
        }
    }

    @Test(
        "where to listen is an address and a port",
        arguments: [
            ("127.0.0.1:9180", "127.0.0.1", true), ("[::1]:80", "::1", true), ("0.0.0.0:1", "0.0.0.0", false),
            ("127.0.0.1", nil, false), ("localhost:80", nil, false), ("127.0.0.1:", nil, false),
            ("127.0.0.1:70000", nil, false), ("127.0.0.1:+80", nil, false), ("::1:80", nil, false), ("", nil, false),
            ("[]:1", nil, false), ("127.0.0.01:1", nil, false), ("1.2.3:1", nil, false), ("[::1", nil, false),
        ] as [(String, String?, Bool)])
    func listen(text: String, host: String?, isLoopback: Bool) {
        let address = ListenAddress(text)
        #expect(address?.host == host)
        #expect(address.map { "\($0)" } == host.map { _ in text })
        #expect(address?.isLoopback ?? false == isLoopback)
    }
}

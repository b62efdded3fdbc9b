import DurableStorage
import Primitives
import Releases
import Settings
import SystemPackage
import TestSupport
import Testing
import TransparencyLog
import Transport

@testable import Updating

@Suite struct ConfigurationTests {
    private static let base = """
        product: mail-suite
        channel: stable
        mirrors: [https://releases.example.org/, http://abc.onion/]
        prefix: /srv/mail-suite
        state: /var/lib/sceau/mail-suite

        """

    private func decode(_ text: String) throws -> AgentConfiguration {
        try AgentConfiguration.decode(Array(text.utf8), file: "p.yaml")
    }

    @Test("the five keys that must be there are enough")
    func minimum() throws {
        let configuration = try decode(Self.base)
        #expect(configuration.paths.role == "mail-suite-stable")
        #expect(configuration.mirrors == ["https://releases.example.org/", "http://abc.onion/"])
        #expect(configuration.prefix == "/srv/mail-suite")
        #expect(configuration.keep == 2)
        #expect(configuration.prefers == .patch)
        #expect(configuration.limits.patchMemory == 256 << 20)
        #expect(configuration.transport.proxy == nil)
        #expect(configuration.log.isRequired)
        #expect(configuration.log.freshness == 72)
        #expect(configuration.log.holdBack == HoldBack(critical: 1, important: 6, otherwise: 24))
        #expect(configuration.log.floor == CosignatureFloor())
    }

    private static let pin = "sha256//" + String(repeating: "A", count: 43) + "="

    @Test("every optional key is taken over")
    func optional() throws {
        let configuration = try decode(
            Self.base + """
                proxy: socks5h://127.0.0.1:9050
                ca_file: /etc/sceau/ca.pem
                pinned_keys: [\(Self.pin)]
                bandwidth: 100000
                repetitions: 0
                redirects: 1
                keep: 5
                timeouts: {connect: 5, metadata: 20, download: 600}
                limits:
                  archive_bytes: 1000
                  tree_bytes: 2000
                  tree_entries: 30
                  patch_bytes: 4000
                prefer: archive
                """)
        #expect(configuration.transport.proxy == "socks5h://127.0.0.1:9050")
        #expect(configuration.transport.authorities == "/etc/sceau/ca.pem")
        #expect(configuration.transport.pinnedKeys == [Self.pin])
        #expect(configuration.transport.limits.bandwidth == 100_000)
        #expect(configuration.transport.limits.repetitions == 0)
        #expect(configuration.transport.limits.redirects == 1)
        #expect(configuration.keep == 5)
        #expect(configuration.transport.limits.connect == .seconds(5))
        #expect(configuration.transport.limits.fetch == .seconds(20))
        #expect(configuration.transport.limits.download == .seconds(600))
        #expect(configuration.limits.archiveBytes == 1000)
        #expect(configuration.limits.tree.bytes == 2000)
        #expect(configuration.limits.tree.entries == 30)
        #expect(configuration.limits.patchMemory == 4000)
        #expect(configuration.prefers == .archive)
    }

    @Test("what is asked of the log is taken over")
    func log() throws {
        let witness = try NoteKey(vkey: SimulatedWitness("ours").vkey)
        let log = try decode(
            Self.base + """
                transparency: off
                freshness: 48
                hold_back: {critical: 0, otherwise: 72}
                floor:
                  cosignatures: 3
                  witnesses: ['\(witness.vkey)']
                """
        ).log
        #expect(!log.isRequired)
        #expect(log.freshness == 48)
        #expect(log.holdBack == HoldBack(critical: 0, important: 6, otherwise: 72))
        #expect(log.holdBack.hours(.critical) == 0)
        #expect(log.holdBack.hours(.important) == 6)
        #expect(log.holdBack.hours(.low) == 72)
        #expect(log.floor == CosignatureFloor(count: 3, witnesses: [witness]))
    }

    @Test(
        "what is wrong is refused as usage, with the line",
        arguments: [
            ("colour: red", "line 6"), ("keep: 0", "line 6"), ("keep: two", "line 6"), ("keep: '3'", "line 6"),
            ("proxy: ftp://x", "line 6"), ("ca_file: ca.pem", "line 6"), ("timeouts: 5", "line 6"),
            ("pinned_keys: [sha256//AAAA]", "line 6"), ("pinned_keys: sha256//AAAA", "line 6"),
            ("bandwidth: 100", "line 6"),
            ("repetitions: 11", "line 6"), ("redirects: -1", "line 6"), ("timeouts:\n  connct: 5", "line 7"),
            ("limits: {tree_bytes: -1}", "line 6"), ("keep: [", "line"),
            ("product: again", "line"), ("transparency: maybe", "line 6"), ("freshness: 0", "line 6"),
            ("hold_back: 24", "line 6"), ("hold_back: {critical: -1}", "line 6"),
            ("hold_back: {severe: 1}", "line 6"), ("floor: {cosignatures: many}", "line 6"),
            ("floor: {witnesses: {}}", "line 6"), ("floor: {witnesses: [somebody]}", "line 6"),
        ])
    func wrongAddition(text: String, place: String) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode(Self.base + text) }
        #expect(fault?.code == .invalid)
        #expect(fault?.family.exitStatus == 64)
        #expect(fault?.location?.hasPrefix("p.yaml \(place)") == true, "\(String(describing: fault?.location))")
    }

    @Test(
        "a wrong value of a key that must be there is refused, with the line",
        arguments: [
            ("product: mail-suite", "product: Mail Suite", "p.yaml line 1"),
            ("channel: stable", "channel: [stable]", "p.yaml line 2"),
            ("mirrors: [https://releases.example.org/, http://abc.onion/]", "mirrors: []", "p.yaml line 3"),
            ("https://releases.example.org/", "ftp://releases.example.org/", "p.yaml line 3"),
            ("prefix: /srv/mail-suite", "prefix: srv/mail-suite", "p.yaml line 4"),
            ("prefix: /srv/mail-suite", "prefix: /srv/../mail-suite", "p.yaml line 4"),
            ("state: /var/lib/sceau/mail-suite", "", "p.yaml line 1"),
        ])
    func wrongValue(old: String, new: String, place: String) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode(Self.base.replacing(old, with: new)) }
        #expect(fault?.code == .invalid)
        #expect(fault?.location == place)
    }

    @Test("without --config the only file in the folder is used; none or two are named")
    func locate() throws {
        let folder = try TemporaryFolder()
        let storage = DurableStorage()
        func located() -> String? {
            code { try ConfigurationFile.locate(named: nil, in: folder.path("etc"), storage) }
        }
        #expect(located() == "agent/no-configuration")
        try folder.write(Self.base, to: "etc/a.yaml")
        try folder.write("", to: "etc/a.yaml.bak")
        #expect(try ConfigurationFile.locate(named: nil, in: folder.path("etc"), storage) == folder.path("etc/a.yaml"))
        try folder.write(Self.base, to: "etc/b.yaml")
        #expect(located() == "agent/no-configuration")
        #expect(try ConfigurationFile.locate(named: "/x", in: folder.path("etc"), storage) == "/x")
        #expect(code { try ConfigurationFile.load("/nowhere.yaml", storage) } == "agent/no-configuration")
    }
}

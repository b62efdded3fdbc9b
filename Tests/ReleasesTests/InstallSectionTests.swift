import CanonicalJSON
import Primitives
import Releases
import Testing

@Suite struct InstallSectionTests {
    static func full() throws -> InstallSection {
        var section = InstallSection()
        section.pre = .init(["hooks/dump", "--to", "backup"], seconds: 600)
        section.migration = .init(
            .init(["hooks/migrate"], seconds: 3600), return: .undo(.init(["hooks/migrate", "--back"], seconds: 3600)))
        section.post = .init(["hooks/post"], seconds: 60)
        section.health = .init(.init(["hooks/health"], seconds: 10), every: 2, within: 90, inARow: 3)
        section.services = [try ServiceName("mail-suite.service"), try ServiceName("mail-worker@1.service")]
        section.shared = ["data", "etc/local.conf"]
        section.tools = ["pg_dump", "/usr/lib/postgresql/15/bin/psql", "c++filt"]
        return section
    }

    @Test("an install section comes back as it was, whatever there is of it")
    func roundTrip() throws {
        var sections = [InstallSection(), try Self.full()]
        for way in [InstallSection.Migration.Return.compatible, .none] {
            var section = try Self.full()
            section.migration?.return = way
            sections.append(section)
        }
        for section in sections { #expect(try InstallSection(section.json) == section) }
        #expect(InstallSection().json.members.isEmpty)
        #expect(InstallSection().isEmpty)
    }

    private static let program: JSONValue = ["run": ["hooks/x"], "seconds": 5]

    @Test(
        "a section is refused as a whole when any of it is not understood or out of bounds",
        arguments: [
            ("an unknown field", ["reboot": true]),
            ("an unknown field in a hook", ["pre": ["run": ["a"], "seconds": 1, "user": "root"]]),
            ("no program", ["pre": ["run": [], "seconds": 1]]),
            ("a program outside the tree", ["pre": ["run": ["/bin/sh"], "seconds": 1]]),
            ("a program above the tree", ["post": ["run": ["../x"], "seconds": 1]]),
            ("no time", ["pre": ["run": ["a"], "seconds": 0]]),
            ("too much time", ["pre": ["run": ["a"], "seconds": 86_401]]),
            ("a number as text", ["pre": ["run": ["a"], "seconds": "5"]]),
            ("an argument with a zero", ["pre": ["run": ["a", "b\u{0}c"], "seconds": 5]]),
            ("a migration without a way back or the word none", ["migrate": program]),
            ("a migration with another word", ["migrate": ["run": ["a"], "seconds": 1, "return": "maybe"]]),
            (
                "a migration with two ways back",
                ["migrate": ["run": ["a"], "seconds": 1, "return": "compatible", "undo": program]]
            ),
            ("a service that is an option", ["services": ["--force"]]),
            ("a service with a blank", ["services": ["a b"]]), ("a service that is a path", ["services": ["a/b"]]),
            ("a service twice", ["services": ["a.service", "a.service"]]),
            ("no service", ["services": []]), ("no path", ["shared": []]),
            ("a shared path above the tree", ["shared": ["../x"]]), ("a shared path twice", ["shared": ["x", "x"]]),
            ("a shared path in another", ["shared": ["x/y", "x"]]),
            ("no tool", ["tools": []]), ("a tool twice", ["tools": ["psql", "psql"]]),
            ("a tool that is an option", ["tools": ["--help"]]), ("a tool with a blank", ["tools": ["psql -c"]]),
            ("a tool below the working folder", ["tools": ["bin/psql"]]), ("no name", ["tools": [""]]),
            ("a folder as a tool", ["tools": ["/usr/bin/"]]),
            ("a tool out of a folder", ["tools": ["/usr/../bin/psql"]]),
            ("a tool with an escape", ["tools": ["ps\u{1b}ql"]]), ("the root", ["tools": ["/"]]),
            ("a tool of 256 bytes", ["tools": [.string(ByteString(String(repeating: "a", count: 256)))]]),
            ("65 tools", ["tools": .array((0..<65).map { .string(ByteString("tool\($0)")) })]),
            ("a program in a shared path", ["shared": ["hooks"], "pre": program]),
            (
                "a health check without its times",
                ["health": ["run": ["a"], "seconds": 1, "every": 0, "within": 5, "in_a_row": 1]]
            ),
        ] as [(String, JSONValue)])
    func refused(what: String, value: JSONValue) throws {
        guard case .object(let object) = value else { return }
        #expect(throws: (any Error).self, "\(what)") { try InstallSection(object) }
    }

    @Test("shared paths beside each other are not taken for one inside another")
    func neighbours() throws {
        #expect(try InstallSection(["shared": ["data", "data-old", "da"]]).shared.count == 3)
    }
}

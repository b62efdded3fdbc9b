import SystemPackage
import Testing

@testable import Updating

@Suite struct TypedCommandsTests {
    @Test(
        "what one is told to type names the configuration that was named",
        arguments: [
            ("run sceau-agent update", "run sceau-agent update --config a.yaml"),
            ("sceau-agent approve 1.1: now", "sceau-agent approve --config a.yaml 1.1: now"),
            (
                "sceau-agent init --root root.json; sceau-agent check-config …",
                "sceau-agent init --config a.yaml --root root.json; sceau-agent check-config --config a.yaml …"
            ),
            ("sceau-agent bundle create --out F", "sceau-agent bundle create --config a.yaml --out F"),
            ("sceau-agent unhold ends that", "sceau-agent unhold --config a.yaml ends that"),
            ("sceau-agent update --config b.yaml", "sceau-agent update --config b.yaml"),
            ("not a bundle as sceau-agent makes them", "not a bundle as sceau-agent makes them"),
            ("sceau-agent: hint: sceau-agent checks", "sceau-agent: hint: sceau-agent checks"),
            ("sceau-agent ", "sceau-agent "), ("", ""),
        ])
    func named(text: String, expected: String) {
        #expect(TypedCommands(configuration: "a.yaml").named(text) == expected)
        #expect(TypedCommands(configuration: nil).named(text) == text)
    }

    @Test(
        "a path is written so that a shell takes it for one",
        arguments: [("/etc/a b.yaml", "'/etc/a b.yaml'"), ("it's.yaml", "'it'\\''s.yaml'"), ("/a/$b", "'/a/$b'")])
    func quoted(path: String, expected: String) {
        let text = TypedCommands(configuration: FilePath(path)).named("sceau-agent gc")
        #expect(text == "sceau-agent gc --config \(expected)")
    }
}

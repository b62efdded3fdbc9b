import Foundation
import Testing

@testable import UpdatePlan

/// The diagram in the documentation is what the code does.
@Suite struct DiagramTests {
    private static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Documentation/update-plan.md")

    /// Every move from one state to another, by trying every event in every state; a restart has a table of its own.
    private func moves() throws -> [String] {
        var moves: Set<String> = []
        for state in try everyState() {
            for event in try everyEvent() where event.name != .restarted {
                var plan = UpdatePlan(state)
                guard (try? plan.handle(event)) != nil else { continue }
                moves.insert("    \(state.name.rawValue) --> \(plan.state.name.rawValue): \(event.name.rawValue)")
            }
        }
        return moves.sorted()
    }

    @Test("the diagram shows every move there is, and no other")
    func moveForMove() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let block = text.components(separatedBy: "```mermaid\nstateDiagram-v2\n").dropFirst().first?
            .components(separatedBy: "```").first
        let shown = try #require(block).split(separator: "\n").map(String.init)
        let moves = try moves()
        #expect(try Set(everyEvent().map(\.name)) == Set(UpdateEvent.Name.allCases))
        #expect(moves == shown, "it should be:\n\(moves.joined(separator: "\n"))")
    }

    @Test("the document names every state")
    func states() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        for name in StateName.allCases { #expect(text.contains("| `\(name.rawValue)` |"), "\(name)") }
    }
}

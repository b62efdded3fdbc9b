import Foundation
import Testing

@Suite("What the documents show")
struct DocumentTests {
    /// Every command of the document is run on a terminal, and its output compared with what stands there.
    @Test(arguments: [
        "Documentation/ceremony.md", "Documentation/transparency.md", "Documentation/hooks.md", "Documentation/instance.md",
    ])
    func `is what the tools say`(_ document: String) throws {
        var script = Tool(executable: URL(fileURLWithPath: "Scripts/run-document"))
        script.environment["SCEAU_BIN"] = Tool.folder.path
        let result = try script.run([document])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}

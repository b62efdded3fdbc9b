import Foundation
import Testing

@Suite("What the documents show")
struct DocumentTests {
    /// Every command of the document is run on a terminal, and its output compared with what stands there.
    @Test(arguments: ["ceremony", "transparency", "hooks", "instance"])
    func `is what the tools say`(_ document: String) throws {
        var script = Tool(executable: URL(fileURLWithPath: "Scripts/run-document"))
        script.environment["SCEAU_BIN"] = Tool.folder.path
        let result = try script.run(["Documentation/\(document).md"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}

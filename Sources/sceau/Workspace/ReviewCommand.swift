import ArgumentParser
import CommandSupport
import Publishing

/// `sceau review`
struct ReviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Say what would change, and which signatures are missing.",
        discussion: """
            What is staged is compared with what is published, after that has proved to follow from Keys/root.json. \
            Whatever a signature covers is named; a line that begins with "!" is a reason to ask before signing.
            """)

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let workspace = workspace.workspace
        try workspace.check()
        let review = Review(try Staging.load(workspace), workspace: workspace, now: SystemClock.now())
        try json.print(review.report, orText: review.text())
    }
}

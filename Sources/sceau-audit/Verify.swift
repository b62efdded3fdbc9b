import Archiving
import ArgumentParser
import Auditing
import CanonicalJSON
import CommandSupport
import DurableStorage
import FoundationEssentials
import SystemPackage
import TUF
import Transport

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check everything that was ever published.",
        discussion: "Checks the chain of roots, every version of every role's metadata and every release.")

    @Argument(help: "What to check: the published folder, or its address (http: or https:).")
    var source: String

    @Option(help: ArgumentHelp("The root to start from, from a source you trust.", valueName: "root.json"))
    var root: FilePath

    @Flag(help: "Also read every archive and every other target, and compare archives with their listings.")
    var full = false

    @OptionGroup var json: JSONOption

    func run() throws {
        let storage = DurableStorage()
        let limits = AuditLimits()
        let givenRoot = try storage.read(root, limit: limits.metadata.rootLength)
        let scratch = try ScratchFolder()
        let progress = ProgressLine("checking")
        let start = ContinuousClock.now
        let auditor = Auditor(
            try openSource(scratch, limits, storage), archives: TreeExtractor(limits: limits.tree),
            referenceTime: SystemClock.now(), full: full, limits: limits
        ) { progress.update(bytes: $0.bytes) }
        let report = try withExtendedLifetime(scratch) {
            defer { progress.finish() }
            return try auditor.run(givenRoot: givenRoot)
        }
        let text = ReportText(report: report, duration: start.duration(to: .now))
        try json.print(text.json, orText: text.lines)
        if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
    }

    private func openSource(
        _ scratch: ScratchFolder, _ limits: AuditLimits, _ storage: DurableStorage
    ) throws -> any AuditSource {
        guard source.contains("://") else { return try DirectorySource(FilePath(source), limits: limits) }
        return try URLSource(source, client: HTTPClient(), scratch: scratch.path, storage: storage)
    }
}

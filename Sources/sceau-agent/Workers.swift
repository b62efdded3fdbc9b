import ArgumentParser
import CommandSupport
internal import Glibc
import Primitives
import Updating

extension AgentWorkers {
    /// This very program, and a line on standard error for what a sandbox lacks.
    static let ownProgram = AgentWorkers(
        building: [BuildWorkerCommand.name], asking: [FetchWorkerCommand.name],
        warnOfBuilding: { warn("building", $0) }, warnOfAsking: { warn("fetching", $0) })

    private static func warn(_ work: String, _ gaps: [String]) {
        try? StandardError.print(
            "sceau-agent: warning: \(work) is not confined as it should be: " + gaps.joined(separator: "; "))
    }
}

/// Builds or asks servers, where this process was started for that, and ends it. Called first of all: as long as there are no
/// other threads, nothing of the process is left outside the sandbox.
func workIfAsked() {
    let arguments = CommandLine.arguments.dropFirst()
    do {
        switch arguments {
        case [BuildWorkerCommand.name]: try BuildWorkerCommand().run()
        case [FetchWorkerCommand.name]: try FetchWorkerCommand().run()
        default: return
        }
    } catch { exit(FaultFamily.local.exitStatus) }
    exit(0)
}

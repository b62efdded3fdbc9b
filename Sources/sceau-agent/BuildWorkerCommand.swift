import ArgumentParser
import CommandSupport
import DurableStorage
internal import Glibc
import Primitives
import SystemPackage
import Updating

/// Not for people: the agent runs itself with it to build a tree out of reach of everything else.
struct BuildWorkerCommand: ParsableCommand {
    static let name = "build-worker"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Build a tree as standard input says.", shouldDisplay: false)

    func run() throws {
        let answer = BuildWorker.run(try Self.input(), DurableStorage())
        try StandardOutput.print(answer.line)
        if !answer.succeeded { throw ExitCode.failure }
    }

    /// For who runs it: what its sandbox lacks, in one line.
    static func warn(_ gaps: [String]) {
        try? StandardError.print(
            "sceau-agent: warning: building is not confined as it should be: " + gaps.joined(separator: "; "))
    }

    private static func input() throws -> [UInt8] {
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while bytes.count <= BuildOrder.sizeLimit, case let count = try FileDescriptor.standardInput.read(into: buffer),
            count > 0
        {
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return bytes
    }
}

/// Builds, where this process was started for that, and ends it. Called first of all: as long as there are no other threads,
/// nothing of the process is left outside the sandbox.
func buildIfAsked() {
    guard CommandLine.arguments.dropFirst() == [BuildWorkerCommand.name] else { return }
    do { try BuildWorkerCommand().run() } catch { exit(FaultFamily.local.exitStatus) }
    exit(0)
}

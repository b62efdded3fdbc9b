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

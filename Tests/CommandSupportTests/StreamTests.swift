import ArgumentParser
import Primitives
import SystemPackage
import Testing

@testable import CommandSupport

private enum SampleCode: String, FaultCode {
    case offline = "sample/offline"

    var family: FaultFamily { .transport }
    var summary: String { "no network" }
    var hint: String? { nil }
}

private struct PathArgument: ParsableCommand {
    @Argument var path: FilePath
}

@Suite struct StreamTests {
    @Test("a reader that has left is told apart from a disk that is full, and does not kill the process")
    func closedPipe() throws {
        Tool.keepClosedPipesFromKilling()
        let pipe = try FileDescriptor.pipe()
        try pipe.readEnd.close()
        defer { try? pipe.writeEnd.close() }
        #expect(throws: OutputClosed.self) { try write([1], to: pipe.writeEnd) }
    }

    @Test("output that cannot be written is a fault")
    func fullDevice() throws {
        let full = try FileDescriptor.open("/dev/full", .writeOnly)
        defer { try? full.close() }
        let fault = try #require(throws: CommandFault.self) { try write([1], to: full) }
        #expect(fault == CommandFault(.output, found: "no space left on device"))
        #expect(fault.family.exitStatus == 1)
    }

    @Test("states add up from the inside out; errors that are no faults pass as they are")
    func states() throws {
        let fault = try #require(throws: StatedFault.self) {
            try stating("still on release 1") {
                try stating("nothing was changed") { throw Fault(SampleCode.offline, at: "host") }
            }
        }
        #expect(fault.message == "no network (host); nothing was changed; still on release 1")
        #expect(fault.codeText == "sample/offline")
        #expect(fault.family == .transport)
        #expect(throws: ExitCode(2)) { try stating("x") { throw ExitCode(2) } }
        #expect(try stating("x") { 7 } == 7)
    }

    @Test("a path is an argument, an empty one is not")
    func paths() throws {
        #expect(try PathArgument.parse(["a/b"]).path == "a/b")
        #expect(throws: (any Error).self) { try PathArgument.parse([""]) }
    }
}

import DurableStorage
import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport
import Testing

@Suite("Programs that cannot be run")
struct ProcessFaultTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func program(_ content: String, mode: mode_t) throws -> FilePath {
        let path = try folder.write(content, to: "program")
        #expect(chmod(path.string, mode) == 0)
        return path
    }

    private func fault(_ path: FilePath) -> ProcessFault? {
        ProcessesTests.fault(
            of: ProcessRequest(executable: path, environment: ["A": "s3cret"], timeLimit: .seconds(60)))
    }

    @Test("a program that is not there", arguments: ["/nowhere", "/nowhere/at/all", "/etc/passwd/x"])
    func missing(path: String) {
        let fault = fault(FilePath(path))
        #expect(fault?.code == .notFound)
        #expect(fault?.location == path)
    }

    @Test("a file without its execute bit, a folder, and bytes that are no program")
    func notExecutable() throws {
        #expect(fault(try program("#!/bin/sh\n", mode: 0o644))?.code == .notExecutable)
        #expect(fault("/tmp")?.code == .notExecutable)
        #expect(fault(try program("echo no interpreter\n", mode: 0o755))?.code == .notExecutable)
    }

    @Test("a script whose interpreter is not there is told from one that is not there itself")
    func noInterpreter() throws {
        let fault = fault(try program("#!/nowhere/sh\n", mode: 0o755))
        #expect(fault?.code == .notExecutable)
        #expect(fault?.found == "a program whose interpreter is not there")
    }

    @Test("a working directory that is not there, and one that is a file")
    func folders() throws {
        for path in [folder.path("nowhere"), try folder.write("", to: "file")] {
            let fault = ProcessesTests.fault(
                of: ProcessRequest(executable: "/bin/true", folder: path, timeLimit: .seconds(60)))
            #expect(fault?.code == .notFound)
            #expect(fault?.location == path.string)
        }
    }

    @Test("what would be cut short at a zero byte is refused, and no value of the environment is told")
    func zeroBytes() throws {
        var requests = (0..<6).map { _ in ProcessRequest(executable: "/bin/true", timeLimit: .seconds(60)) }
        requests[0].arguments = ["a", "b\0c"]
        requests[1].environment = ["A": "s3cret\0"]
        requests[2].environment = ["A\0B": "s3cret"]
        requests[3].environment = ["A=B": "s3cret"]
        requests[4].environment = ["": "s3cret"]
        requests[5].executable = "bin/true"
        for request in requests {
            let fault = ProcessesTests.fault(of: request)
            #expect(fault?.code == .failed)
            #expect(fault?.message.contains("s3cret") == false)
        }
    }

    @Test("more arguments than the kernel takes")
    func tooMuch() {
        let request = ProcessRequest(
            executable: "/bin/true", arguments: [String(repeating: "a", count: 1 << 20)], environment: ["A": "s3cret"],
            timeLimit: .seconds(60))
        let fault = ProcessesTests.fault(of: request)
        #expect(fault?.code == .failed)
        #expect(fault?.found == "argument list too long")
        #expect(fault?.message.contains("s3cret") == false)
    }

    @Test("a user that is not there", arguments: ["no-such-user", "", "a\0b"])
    func missingUser(name: String) {
        #expect(throws: ProcessFault.self) { try ProcessUser.named(name) }
        do { _ = try ProcessUser.named(name) } catch { #expect(error.code == .notFound) }
    }
}

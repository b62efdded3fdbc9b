import Foundation
import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport

/// A program as the tests ask for one: a line for the shell, with the folder of the test as its working directory.
func shell(
    _ script: String, in folder: TemporaryFolder, limit: Duration = .seconds(60), outputLimit: Int = 64 << 10,
    user: ProcessUser? = nil, input: [UInt8] = []
) -> ProcessRequest {
    ProcessRequest(
        executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"], folder: folder.path,
        user: user, timeLimit: limit, outputLimit: outputLimit, input: input)
}

extension ProcessResult {
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// A runner that does not wait long for what ignores SIGTERM.
let runner = ProcessRunner(grace: .milliseconds(100))

func fault(of request: ProcessRequest) -> ProcessFault? {
    do {
        _ = try runner.run(request)
        return nil
    } catch {
        return error
    }
}

extension TemporaryFolder {
    /// The process ids that the program of a test wrote into `name`.
    func processes(_ name: String) throws -> [pid_t] {
        String(decoding: try read(name) ?? [], as: UTF8.self).split(separator: "\n").compactMap { pid_t($0) }
    }
}

/// Whether a process lives; one that has ended and waits for its parent does not.
func isAlive(_ process: pid_t) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ")").last?.hasPrefix(" Z") == false
}

let isRoot = geteuid() == 0

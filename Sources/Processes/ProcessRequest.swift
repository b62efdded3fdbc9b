import Primitives
import SystemPackage

/// One program to be run, with everything that it gets. No shell reads any of it.
package struct ProcessRequest: Hashable, Sendable {
    /// Absolute.
    package var executable: FilePath
    /// Without `argv[0]`, which is `executable`.
    package var arguments: [String]
    /// All of it: nothing is inherited. Its values are in no message.
    package var environment: [String: String]
    /// The working directory; absolute.
    package var folder: FilePath
    /// Nil: as the agent itself. Otherwise the program never gets back what was taken from it: `sudo` and the like
    /// do not work in there (PR_SET_NO_NEW_PRIVS).
    package var user: ProcessUser?
    /// Of the program itself. What it leaves running is ended when it ends.
    package var timeLimit: Duration
    /// Bytes of standard output and standard error together that are kept: the first half and the last half.
    package var outputLimit: Int
    /// Standard input; empty is /dev/null.
    package var input: [UInt8]

    package init(
        executable: FilePath, arguments: [String] = [], environment: [String: String] = [:], folder: FilePath = "/",
        user: ProcessUser? = nil, timeLimit: Duration, outputLimit: Int = 64 << 10, input: [UInt8] = []
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.user = user
        self.timeLimit = timeLimit
        self.outputLimit = outputLimit
        self.input = input
    }
}

extension ProcessRequest {
    /// What execve would cut short or misread is refused before anything is started.
    func check() throws(ProcessFault) {
        guard executable.isAbsolute else { throw fault("a relative path", "an absolute path of the program") }
        guard folder.isAbsolute else { throw fault("a relative path", "an absolute path of the working directory") }
        guard arguments.allSatisfy({ !$0.utf8.contains(0) }) else { throw fault("a zero byte in an argument", "text") }
        for (name, value) in environment {
            guard !name.isEmpty, !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "=")) else {
                throw fault("a name in the environment that is empty or holds = or a zero byte", "a name")
            }
            guard !value.utf8.contains(0) else { throw fault("a zero byte in the environment's \(name)", "text") }
        }
    }

    private func fault(_ found: String, _ expected: String) -> ProcessFault {
        ProcessFault(.failed, found: found, expected: expected, at: executable.string, hint: "check what was asked for")
    }
}

import Foundation
import SystemPackage
import TestSupport
import Testing

/// A real agent of a test's own, with a socket in the test's folder and nobody at the keyboard: a script answers its
/// questions. Ended when released.
final class RunningSSHAgent {
    enum Kind: String, CaseIterable, Sendable {
        case openSSH
        case gnuPG
    }

    /// What somebody types when gpg-agent asks.
    static let passphrase = "the token's PIN"

    let kind: Kind
    let socket: String
    private let folder: TemporaryFolder
    /// Of OpenSSH's.
    private let processID: String?

    init(_ kind: Kind) throws {
        self.kind = kind
        folder = try TemporaryFolder()
        try Self.makeAnswers(in: folder)
        switch kind {
        case .openSSH:
            socket = folder.path("s").string
            processID = try Self.startOpenSSH(socket, folder)
        case .gnuPG:
            processID = nil
            try Self.startGnuPG(folder)
            let place = try Self.gnuPG("gpgconf", folder).run(["--list-dirs", "agent-ssh-socket"])
            socket = place.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    deinit {
        if let processID {
            // Foundation starts programs with most signals blocked, ssh-agent's usual end among them.
            _ = try? Tool.system("bash").run(["-c", "kill -KILL \"$1\"", "bash", processID])
        } else {
            _ = try? Self.gnuPG("gpgconf", folder).run(["--kill", "gpg-agent"])
        }
    }

    /// A script asks nobody and types the passphrase, or, once `refuse` was called, cancels.
    private static func makeAnswers(in folder: TemporaryFolder) throws {
        try folder.write(
            """
            #!/bin/sh
            echo "OK at your service"
            while read -r line; do
                case $line in
                GETPIN*) if [ -e "\(folder.path("no"))" ]; then echo "ERR 83886179 cancelled"
                    else echo "D \(passphrase)"; echo OK; fi ;;
                BYE) echo OK; exit 0 ;;
                *) echo OK ;;
                esac
            done

            """, to: "pinentry")
        try folder.write("#!/bin/sh\n[ ! -e \"\(folder.path("no"))\" ]\n", to: "askpass")
        let files = FileManager.default
        for script in ["pinentry", "askpass"] {
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path(script).string)
        }
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path.string)
    }

    /// Goes into the background once it listens, and says its process id.
    private static func startOpenSSH(_ socket: String, _ folder: TemporaryFolder) throws -> String {
        let tool = try Tool.system("ssh-agent")
        let answers = ["SSH_ASKPASS": folder.path("askpass").string, "SSH_ASKPASS_REQUIRE": "force"]
        let result = try startDaemon(tool, ["-s", "-a", socket], answers)
        let id = result.output.firstMatch(of: /SSH_AGENT_PID=([0-9]+);/)?.output.1
        return String(try #require(id, "\(result.errors)\(result.output)"))
    }

    private static func startGnuPG(_ folder: TemporaryFolder) throws {
        try folder.write(
            "pinentry-program \(folder.path("pinentry"))\ndefault-cache-ttl-ssh 0\nmax-cache-ttl-ssh 0\n",
            to: "gpg-agent.conf")
        // Goes into the background once it listens.
        let tool = try gnuPG("gpg-agent", folder)
        let result = try startDaemon(tool, ["--enable-ssh-support", "--daemon"], tool.environment)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Runs a tool that goes into the background. Foundation waits until nobody has an end of a socket of its own any
    /// more, which the daemon would inherit; so bash closes all but the three standard files.
    private static func startDaemon(
        _ tool: Tool, _ arguments: [String], _ environment: [String: String]
    ) throws -> Tool.Result {
        var shell = try Tool.system("bash")
        shell.environment.merge(environment) { $1 }
        let script =
            "for f in /proc/$$/fd/*; do n=${f##*/}; [[ $n -lt 3 ]] || eval \"exec $n>&-\"; done; exec \"$@\""
        return try shell.run(["-c", script, "bash", tool.executable.path] + arguments)
    }

    private static func gnuPG(_ name: String, _ folder: TemporaryFolder) throws -> Tool {
        var tool = try Tool.system(name)
        tool.environment["GNUPGHOME"] = folder.path.string
        return tool
    }

    /// `tool` as somebody runs it who uses this agent.
    func using(_ tool: Tool) -> Tool {
        var tool = tool
        tool.environment["SSH_AUTH_SOCK"] = socket
        return tool
    }

    /// Makes a key of `type` and gives it to the agent; the text of its public half, as `ssh-add -L` shows it.
    @discardableResult
    func add(type: String = "ed25519", comment: String, mustConfirm: Bool = false) throws -> String {
        let file = folder.path(comment).string
        let made = try Tool.system("ssh-keygen").run(["-q", "-t", type, "-N", "", "-C", comment, "-f", file])
        try #require(made.status == 0, "\(made.errors)")
        let added = try using(Tool.system("ssh-add")).run((mustConfirm ? ["-c"] : []) + ["-q", file])
        try #require(added.status == 0, "\(added.errors)")
        return String(decoding: try #require(try folder.read("\(comment).pub")), as: UTF8.self)
    }

    /// From now on whoever is asked says no.
    func refuse() throws {
        try folder.write("", to: "no")
    }
}

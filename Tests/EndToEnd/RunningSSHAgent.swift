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
    private let process: Process?

    init(_ kind: Kind) throws {
        self.kind = kind
        folder = try TemporaryFolder()
        try Self.makeAnswers(in: folder)
        switch kind {
        case .openSSH:
            socket = folder.path("s").string
            process = try Self.startOpenSSH(socket, folder)
        case .gnuPG:
            process = nil
            try Self.startGnuPG(folder)
            let place = try Self.gnuPG("gpgconf", folder).run(["--list-dirs", "agent-ssh-socket"])
            socket = place.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    deinit {
        if let process {
            process.terminate()
            process.waitUntilExit()
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

    private static func startOpenSSH(_ socket: String, _ folder: TemporaryFolder) throws -> Process {
        let tool = try Tool.system("ssh-agent")
        let process = Process()
        process.executableURL = tool.executable
        process.arguments = ["-D", "-a", socket]
        process.environment = tool.environment.merging(
            ["SSH_ASKPASS": folder.path("askpass").string, "SSH_ASKPASS_REQUIRE": "force"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // It says where it listens once it does.
        try #require(!output.fileHandleForReading.availableData.isEmpty, "ssh-agent did not start")
        return process
    }

    private static func startGnuPG(_ folder: TemporaryFolder) throws {
        try folder.write(
            "pinentry-program \(folder.path("pinentry"))\ndefault-cache-ttl-ssh 0\nmax-cache-ttl-ssh 0\n",
            to: "gpg-agent.conf")
        // Goes into the background once it listens.
        let result = try gnuPG("gpg-agent", folder).run(["--enable-ssh-support", "--daemon"])
        try #require(result.status == 0, "\(result.errors)")
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

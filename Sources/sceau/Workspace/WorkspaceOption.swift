import ArgumentParser
import CommandSupport
import DurableStorage
internal import Glibc
import Primitives
import Publishing
import SecretKeys
import SystemPackage
import TUF

/// `--workspace W`: the folder with `Keys/`, `Releases/` and `Staged/`.
struct WorkspaceOption: ParsableArguments {
    @Option(
        name: .customLong("workspace"),
        help: ArgumentHelp("The association's workspace (default: the current folder).", valueName: "folder"))
    var path: FilePath = "."

    var workspace: Workspace { Workspace(at: path, storage: DurableStorage()) }
}

/// The online key for `publish` and `refresh`.
struct OnlineKeyOption: ParsableArguments {
    @Option(help: ArgumentHelp("The online key (default: the one remembered on this machine).", valueName: "file"))
    var onlineKey: FilePath?

    @OptionGroup var passphrase: PassphraseOption

    /// `root` is the one that says which key it is.
    func load(_ workspace: Workspace, for root: @autoclosure () throws -> Root?) throws -> SecretKey {
        let file = try workspace.loadOnlineKeyFile(named: onlineKey, for: root())
        let passphrase = file.holding == .plainFile ? nil : try passphrase.load(for: file.name)
        return try file.secretKey(passphrase: passphrase)
    }

    /// To be called once the key has turned out to be the one that root names: a wrong one must not be remembered.
    func remember(_ workspace: Workspace) throws {
        if let onlineKey { try workspace.rememberOnlineKey(FilePath.absolute(onlineKey)) }
    }
}

extension FilePath {
    /// `path` from the root of the file system: a path that is remembered is not to depend on where a tool is started.
    static func absolute(_ path: FilePath) throws -> FilePath {
        if path.isAbsolute { return path.lexicallyNormalized() }
        guard let folder = getcwd(nil, 0) else { throw StorageFault(Errno(rawValue: errno), "getcwd", at: path) }
        defer { free(folder) }
        return FilePath(String(cString: folder)).pushing(path).lexicallyNormalized()
    }
}

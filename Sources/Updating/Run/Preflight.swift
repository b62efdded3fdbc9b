import DurableStorage
import Primitives
import Releases
import SystemPackage

extension UpdateRun {
    // What would stop the release later is found out before the long download.

    func checkPlaces() throws {
        try checkLinkPlace()
        try storage.makeDirectory(folders.versions)
        for folder in [folders.prefix, folders.versions] where !storage.isWritable(folder) {
            throw AgentFault(.notWritable, at: folder.string)
        }
        try storage.makeDirectory(folders.downloads, mode: .privateDirectory)
    }

    /// - Parameter passing: bytes of trees that are made on the way and removed again.
    func checkSpace(for files: [SignedTarget], _ tree: ReleaseManifest.Tree, passing: Int = 0) throws {
        // What an earlier run brought here takes up no space a second time.
        let missing = try files.reduce(0) { sum, file in
            sum + max(0, file.length - (try storage.info(folders.downloads.appending(file.digest))?.size ?? 0))
        }
        for (folder, bytes) in [(folders.downloads, missing), (folders.versions, missing + tree.bytes + passing)] {
            let free = try agent.ports.freeBytes(folder)
            guard free >= bytes else {
                throw AgentFault(
                    .notEnoughSpace, found: "\(free) bytes free", expected: "at least \(bytes)", at: folder.string)
            }
        }
        // Folders and links are not counted in what is known so far; a tree has fewer of them than files.
        let (entries, free) = (2 * tree.files + files.count, try agent.ports.freeEntries(folders.versions))
        guard free >= entries else {
            throw AgentFault(
                .notEnoughSpace, found: "\(free) files that may still be made", expected: "at least \(entries)",
                at: folders.versions.string)
        }
    }

    /// What a release says that its programs need; all that is missing is named at once.
    func checkTools(of manifest: ReleaseManifest) throws {
        let missing = manifest.install.tools.filter { tool in
            InstanceCommands.places(of: tool.asWritten).allSatisfy { !storage.isExecutable($0) }
        }
        guard !missing.isEmpty else { return }
        throw AgentFault(
            .missingTool, found: "no " + missing.map(\.description).joined(separator: ", "),
            at: "what the programs of \(manifest.version) need")
    }

    /// What runs the release's programs and services has to be able to: better found out now than between two releases.
    func checkWhoRuns(_ install: InstallSection) throws {
        let check = RunningCheck(
            agent.configuration, user: storage.user, isExecutable: { storage.isExecutable($0) },
            run: agent.ports.processes)
        if !install.hooks.isEmpty, let problem = check.otherUser(agent.configuration.hooks.user) {
            throw AgentFault(.cannotBeUser, found: problem, at: "hooks.user")
        }
        if !install.services.isEmpty, let problem = check.serviceManager() {
            throw AgentFault(.noServiceManager, found: problem, at: "services.through: systemd")
        }
    }

    /// A script needs its interpreter on this machine.
    func checkInterpreters(of manifest: ReleaseManifest) throws {
        let tree = folders.tree(manifest.version)
        for program in manifest.install.hooks.compactMap(\.run.first) {
            let start = ProgramStart(
                try ReadableFile(tree.appending(program.asWritten)).read(atMost: ProgramStart.length))
            if let (problem, hint) = trouble(with: start, in: tree) {
                throw AgentFault(.missingTool, found: problem.escapingUnprintable(), at: "\(program)", hint: hint)
            }
        }
    }

    /// What keeps a program from being run, and what to do about it; a nil hint where something has to be installed.
    private func trouble(with start: ProgramStart, in tree: FilePath) -> (problem: String, hint: String?)? {
        let told = "tell the publisher: no machine can run it as it is"
        switch start {
        case .binary: return nil
        case .unknown: return ("a file that does not begin with #! and is no ELF program", told)
        case .script where start.hasCarriageReturn:
            return ("a first line that ends with a carriage return, as Windows writes it", told)
        case .script(let interpreter, _):
            if !storage.isExecutable(FilePath(interpreter)) { return ("no \(interpreter)", nil) }
            guard let name = start.soughtByEnv else { return nil }
            // A name with a slash is not looked for, and a program runs in its tree.
            let places =
                name.contains("/")
                ? [tree.pushing(FilePath(name))]
                : InstanceCommands.places(of: name)
            return places.contains { storage.isExecutable($0) }
                ? nil : ("no \(name) for \(interpreter) to find in \(InstanceCommands.path)", nil)
        }
    }

    /// `current` may be a link to a release or nothing: what else stands there is not ours. Somebody's own link is in use.
    func checkLinkPlace() throws {
        guard try storage.info(folders.current) != nil, try instance.linkedVersion() == nil else { return }
        let target = try storage.linkTarget(folders.current)
        throw AgentFault(
            .occupied, found: target.map { "a link to \"\($0)\"" }, expected: "a link to a release, or nothing",
            at: folders.current.string)
    }
}

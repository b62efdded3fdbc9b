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

    /// A script needs its interpreter on this machine: better found out now than between two releases.
    func checkInterpreters(of manifest: ReleaseManifest) throws {
        for program in manifest.install.hooks.compactMap(\.run.first) {
            let file = folders.tree(manifest.version).appending(String(decoding: program.bytes, as: UTF8.self))
            guard let interpreter = try Self.interpreter(of: file), !storage.isExecutable(FilePath(interpreter)) else {
                continue
            }
            throw AgentFault(.missingTool, found: "no \(interpreter.escapingUnprintable())", at: "\(program)")
        }
    }

    /// What the first line of a script names; nil for a program that is none.
    private static func interpreter(of file: FilePath) throws -> String? {
        let beginning = try ReadableFile(file).read(atMost: 256)
        guard beginning.starts(with: "#!".utf8) else { return nil }
        let line = beginning.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let word = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return String(decoding: word, as: UTF8.self)
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

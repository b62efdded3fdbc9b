import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import Transport

/// A bundle that was written.
package struct MadeBundle: Sendable {
    package let version: Version
    /// Releases from which it holds patches.
    package let from: [Version]
    package let hasArchive: Bool
    package let bytes: Int
    package let sha256: Digest
    /// Versions of the roots in it.
    package let roots: ClosedRange<Int>
    /// Entries of the log; nil when the newest root names none.
    package let logSize: Int?
    package let complaints: [MirrorComplaint]
}

/// Makes a bundle beside where it will be, verifies the very bytes that were written, and renames them into place.
struct BundleMaking {
    let request: BundleRequest
    let settings: AgentConfiguration
    let ports: AgentPorts
    let pinnedRoot: [UInt8]

    private var storage: DurableStorage { ports.storage }

    /// Asks the mirrors in order until one gives all of it.
    ///
    /// - Parameter accept: what else has to hold of the bundle before it gets its name.
    func make(_ output: FilePath, accept: (BundleMirror) throws -> Void) throws -> MadeBundle {
        try checkPlace(output)
        let scratch = output.folder.appending(".\(output.fileName ?? "bundle").parts")
        try storage.removeTree(scratch)
        try storage.makeOwnDirectory(scratch)
        // What went wrong first is what a person needs to know.
        defer { try? storage.removeTree(scratch) }
        var complaints: [MirrorComplaint] = []
        for (place, mirror) in ports.mirrors.enumerated() {
            do {
                let content = try content(from: mirror, in: scratch.appending("\(place)"))
                let written = try BundleWriter(storage: storage).write(
                    content.manifest, content.files, to: scratch.appending("bundle"))
                // An archive need not stand there three times.
                try storage.removeTree(scratch.appending("\(place)"))
                try check(content, scratch, accept)
                try storage.rename(scratch.appending("bundle"), to: output)
                return made(content, written, complaints)
            } catch let fault as any ReportableFault {
                guard fault.isMirrors else { throw fault }
                complaints.append(MirrorComplaint(mirror: mirror.name, fault: fault))
                try storage.removeTree(scratch.appending("\(place)"))
            }
        }
        throw complaints.worst ?? AgentFault(.targetUnavailable, expected: "at least one mirror")
    }

    /// A rename would put the bundle in the place of a device, too.
    private func checkPlace(_ output: FilePath) throws(StorageFault) {
        guard let name = output.fileName, name != ".", name != ".." else {
            throw StorageFault(.exists, found: "a folder", expected: "the name of a file", at: output.string)
        }
        guard let kind = try storage.info(output)?.kind, kind != .file, kind != .link else { return }
        throw StorageFault(
            .exists, found: kind == .directory ? "a folder" : "a device, pipe or socket",
            expected: "a file, or nothing",
            at: output.string)
    }

    private func content(from mirror: any RepositoryMirror, in folder: FilePath) throws -> BundleContent {
        try BundleContent(request, from: mirror, pinnedRoot: pinnedRoot, settings, ports, in: folder)
    }

    /// Whoever knows nothing but the oldest root finds all in what was written, and nothing is in it that nobody asks for.
    private func check(
        _ content: BundleContent, _ scratch: FilePath, _ accept: (BundleMirror) throws -> Void
    ) throws {
        let bundle = try BundleMirror(scratch.appending("bundle"), storage: storage)
        let again = try self.content(from: bundle, in: scratch.appending("again"))
        guard again.files.keys.sorted() == bundle.file.names else { throw BundleFault(.incomplete, at: bundle.name) }
        try accept(bundle)
    }

    private func made(
        _ content: BundleContent, _ written: (bytes: Int, sha256: Digest), _ complaints: [MirrorComplaint]
    ) -> MadeBundle {
        MadeBundle(
            version: content.manifest.version, from: Set(request.from).sorted(), hasArchive: !request.isPatchOnly,
            bytes: written.bytes, sha256: written.sha256, roots: content.roots, logSize: content.logSize,
            complaints: complaints)
    }
}

extension Agent {
    /// Fetches all that an instance without a network needs for one release, from the mirrors, and writes it to `output`:
    /// whole, flushed, and only if this instance would take it from a mirror now.
    package func createBundle(_ request: BundleRequest, to output: FilePath) throws -> MadeBundle {
        ports.willAsk()
        defer { ports.hasAsked() }
        let making = BundleMaking(
            request: request, settings: configuration, ports: ports, pinnedRoot: try pinnedRoot())
        return try making.make(output) { bundle in
            let offline = AgentPorts(
                storage: storage, now: ports.now, mirrors: [bundle], agentVersion: ports.agentVersion)
            let agent = Agent(configuration, ports: offline)
            try agent.exclusively(.bundle) { pinnedRoot in
                try agent.instance.mend()
                _ = try agent.refresh(pinnedRoot: pinnedRoot, installed: try agent.instance.installation())
            }
        }
    }

    /// The same for somebody who has no instance: from a folder of published files, or an address, by a root that was
    /// compared with a second source.
    ///
    /// - Parameters:
    ///   - source: `http://…`, `https://…`, or the path of a folder.
    ///   - workers: asks the address in a process of its own; nil asks from here.
    package static func createBundle(
        _ request: BundleRequest, of paths: ReleasePaths, from source: String, root: [UInt8], to output: FilePath,
        storage: DurableStorage, now: Date, agentVersion: Version, workers: AgentWorkers? = nil,
        progress: @escaping (AgentProgress) -> Void
    ) throws -> MadeBundle {
        let isAddress = source.hasPrefix("http://") || source.hasPrefix("https://")
        if isAddress { try HTTPAddress.checkBase(source) }
        let mirror: any RepositoryMirror =
            isAddress
            ? HTTPMirror(source, client: try client(for: source, workers), storage: storage)
            : FolderMirror(FilePath(source), storage: storage)
        let settings = AgentConfiguration(
            product: paths.product, channel: paths.channel, mirrors: [], prefix: "/", state: "/")
        let ports = AgentPorts(
            storage: storage, now: now, mirrors: [mirror], agentVersion: agentVersion, progress: progress)
        return try BundleMaking(request: request, settings: settings, ports: ports, pinnedRoot: root)
            .make(output) { _ in }
    }

    private static func client(for source: String, _ workers: AgentWorkers?) throws -> any HTTPFetching {
        guard let workers else { return try HTTPClient(TransportConfiguration()) }
        return workers.askers(TransportConfiguration()).client(for: source)
    }
}

extension MadeBundle {
    package var json: JSONObject {
        [
            "version": .string(version.text), "from": .array(from.map { .string($0.text) }),
            "archive": .bool(hasArchive), "bytes": .integer(Int64(bytes)), "sha256": .string(ByteString(sha256.hex)),
            "oldest_root": .integer(Int64(roots.lowerBound)), "newest_root": .integer(Int64(roots.upperBound)),
            "log_size": logSize.map { .integer(Int64($0)) } ?? .null, "mirror_faults": complaints.json,
        ]
    }
}

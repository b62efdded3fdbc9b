import Archiving
import DurableStorage
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage

/// Builds trees in a process of its own, which reads what came over the network and can reach nothing but the file, the old
/// tree and one folder: no network, no other file, no program. What it made is taken over when it has ended, and read back
/// against the signed listing; from what it says, only its excuse is used.
///
/// With a user it runs as that one, and what it made is taken from it before it is read back. It must be able to get to the
/// prefix then, and to read the installed tree.
package struct ConfinedBuilding {
    /// This program.
    private let executable: FilePath
    private let arguments: [String]
    private let user: () throws -> ProcessUser?
    private let run: (ProcessRequest) throws -> ProcessResult
    /// Told what the sandbox cannot do on this machine, one clause each.
    private let warn: ([String]) -> Void

    /// A name that no release has.
    private static let workName = ".building-.work"
    private static let timeLimit = Duration.seconds(2 * 3600)

    package init(
        executable: FilePath = "/proc/self/exe", arguments: [String],
        user: @escaping () throws -> ProcessUser? = { nil }, run: @escaping (ProcessRequest) throws -> ProcessResult,
        warn: @escaping ([String]) -> Void
    ) {
        (self.executable, self.arguments, self.user, self.run, self.warn) = (executable, arguments, user, run, warn)
    }

    /// As `BuildOrder.perform`.
    package func build(
        _ order: BuildOrder, _ listing: TreeListing, _ storage: DurableStorage
    ) throws -> TreeListing {
        let (work, user) = (order.folder.removingLastComponent().appending(Self.workName), try user())
        try storage.removeTree(work)
        try storage.makeDirectory(work, mode: .privateDirectory)
        defer { try? storage.removeTree(work) }
        var inside = order
        inside.folder = work.appending("tree")
        if let user {
            // What came here is private to the agent.
            inside.file = work.appending("file")
            try storage.copy(order.file, to: inside.file)
            try storage.give(work, to: user.uid, user.gid)
        }
        try perform(inside, listing, as: user)
        if let user { try storage.take(work, from: user.uid, depth: order.limits.depth + 2) }
        guard try storage.info(inside.folder)?.kind == .directory else {
            throw AgentFault(.buildFailed, found: "no folder", expected: "a tree", at: inside.folder.string)
        }
        let new = try newListing(order, listing, work, storage)
        try storage.renameExclusively(inside.folder, to: order.folder)
        if case .archive = order.source { try check(order, new) }
        // It may not have done that itself.
        try storage.syncFileSystem(holding: order.folder)
        return new
    }

    private func perform(_ order: BuildOrder, _ listing: TreeListing, as user: ProcessUser?) throws {
        let result = try run(
            ProcessRequest(
                executable: executable, arguments: arguments,
                environment: ["LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"],
                user: user, timeLimit: Self.timeLimit, input: order.encode(with: listing)))
        let answer = BuildAnswer(in: result.output)
        if let gaps = answer?.gaps, !gaps.isEmpty { warn(gaps) }
        if let fault = answer?.fault { throw fault }
        guard answer != nil, result.succeeded, result.survivors == 0 else {
            throw AgentFault(.buildFailed, found: "\(result.outcome)", expected: "a tree", at: order.folder.string)
        }
    }

    /// Of a patch, the listing it makes; it has the signed digest.
    private func newListing(
        _ order: BuildOrder, _ listing: TreeListing, _ work: FilePath, _ storage: DurableStorage
    ) throws -> TreeListing {
        guard case .patch(_, let digest, _) = order.source else { return listing }
        let file = work.appending(BuildWorker.listingName)
        guard try storage.info(file)?.kind == .file else { throw AgentFault(.buildFailed, found: "no listing") }
        let bytes = try storage.read(file, limit: order.limits.listingBytes)
        guard Digest.sha256(of: bytes) == digest else { throw AgentFault(.buildFailed, found: "another listing") }
        return try TreeListing.decode(bytes, limits: order.limits)
    }

    private func check(_ order: BuildOrder, _ listing: TreeListing) throws {
        let difference = try TreeVerifier(limits: order.limits).verify(order.folder, against: listing).first
        if let difference {
            throw AgentFault(.damagedTree, found: difference.description, at: order.folder.string)
        }
    }
}

/// The other side: `sceau-agent build-worker`.
package enum BuildWorker {
    static let listingName = "listing"

    /// Carries out the order in `input` after giving up everything else; the line to be printed at the end.
    ///
    /// To be called before there are other threads.
    package static func run(_ input: [UInt8], _ storage: DurableStorage) -> (line: String, succeeded: Bool) {
        var answer = BuildAnswer()
        do {
            let (order, listing) = try BuildOrder.decode(input)
            answer.gaps = order.sandbox.enter().map(\.description)
            let new = try order.perform(listing, storage)
            if case .patch = order.source {
                let file = order.folder.removingLastComponent().appending(listingName)
                try storage.write(new.encoding, to: file)
            }
        } catch let fault as any ReportableFault {
            answer.fault = WorkerFault(fault)
        } catch {
            answer.fault = WorkerFault(AgentFault(.buildFailed, found: "\(type(of: error))"))
        }
        return (answer.line, answer.fault == nil)
    }
}

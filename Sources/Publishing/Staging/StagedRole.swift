import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TUF

/// One role's next version as it waits in `Staged/metadata/<N.role>.json`, with the signatures that wait beside it.
package struct StagedRole: Sendable {
    package enum Content: Sendable {
        case root(Root)
        case targets(Targets)
    }

    /// A signature file, by the name it stands under, and what is wrong with it, if anything.
    package struct Entry: Sendable {
        package let name: String
        package let signature: StagedSignature?
        /// Lower case, for people.
        package let problem: String?
    }

    package let role: RoleName
    package let content: Content
    /// What signatures cover.
    package let signedBytes: [UInt8]
    package let entries: [Entry]

    package var header: PayloadHeader { content.header }
    package var version: Int { header.version }
    package var expires: Date { header.expires }
    package var fileName: String { role.fileName(version: version) }
    package var digest: Digest { Digest.sha256(of: signedBytes) }
    package var targets: Targets? { if case .targets(let targets) = content { targets } else { nil } }
    /// All that it names, whatever for.
    var keys: [KeyID: PublicKey] { rootContent?.keys ?? targets?.delegations?.keys ?? [:] }
    package var rootContent: Root? { if case .root(let root) = content { root } else { nil } }

    /// By keyid, those that were made for these bytes; whether they are valid is not yet asked.
    package var signatures: [KeyID: [UInt8]] {
        var result: [KeyID: [UInt8]] = [:]
        for entry in entries where entry.problem == nil {
            if let signature = entry.signature, result[signature.keyID] == nil {
                result[signature.keyID] = signature.signature
            }
        }
        return result
    }

    /// The file with `signatures` in it.
    func file(with signatures: [KeyID: [UInt8]]) -> [UInt8] {
        switch content {
        case .root(let root): SignedFile(root, signatures: signatures).bytes
        case .targets(let targets): SignedFile(targets, signatures: signatures).bytes
        }
    }

    /// A role's next version that nobody has signed.
    static func unsigned(_ role: RoleName, _ content: Content) -> StagedRole {
        let signed =
            switch content {
            case .root(let root): SignedFile(root)
            case .targets(let targets): SignedFile(targets)
            }
        return StagedRole(role: role, content: content, signedBytes: signed.signedBytes, entries: [])
    }
}

extension StagedRole {
    /// Reads `<N.role>.json` and its signatures. Refuses a file that is not what this tool would write.
    static func load(_ fileName: String, from workspace: Workspace) throws -> StagedRole {
        let path = workspace.stagedMetadata.appending(fileName)
        guard let role = role(ofFileName: fileName) else {
            throw PublishingFault(.malformedStaging, found: "an unknown file", at: path.string)
        }
        let limits = MetadataLimits()
        let bytes = try workspace.storage.read(path, limit: limits.length(of: role))
        let bare: StagedRole
        do {
            bare =
                role == .root
                ? unsigned(
                    role, .root(try UnverifiedMetadata<Root>(decoding: bytes, role: role, limits: limits).content))
                : unsigned(
                    role, .targets(try UnverifiedMetadata<Targets>(decoding: bytes, role: role, limits: limits).content)
                )
        } catch {
            throw PublishingFault(.malformedStaging, found: error.message, at: path.string)
        }
        guard bare.fileName == fileName, bare.file(with: [:]) == bytes else {
            throw PublishingFault(
                .malformedStaging, found: "version \(bare.version) in another layout", expected: fileName,
                at: path.string)
        }
        return StagedRole(
            role: role, content: bare.content, signedBytes: bare.signedBytes,
            entries: try loadEntries(bare, from: workspace))
    }

    static func role(ofFileName fileName: String) -> RoleName? {
        guard let dot = fileName.firstIndex(of: ".") else { return nil }
        guard let role = RoleName(metaName: ByteString(fileName[fileName.index(after: dot)...])) else { return nil }
        return role == .timestamp || role == .snapshot ? nil : role
    }

    private static func loadEntries(_ staged: StagedRole, from workspace: Workspace) throws -> [Entry] {
        let folder = workspace.signatures(of: staged)
        guard try workspace.storage.info(folder)?.kind == .directory else { return [] }
        var entries: [Entry] = []
        for name in try workspace.storage.list(folder) where name.hasSuffix(".json") && !name.hasPrefix(".") {
            let path = folder.appending(name)
            let holder = String(name.dropLast(".json".count))
            do {
                let bytes = try workspace.storage.read(path, limit: StagedSignature.byteLimit)
                let signature = try StagedSignature.decode(bytes, at: path.string)
                let problem = problem(with: signature, for: staged)
                entries.append(Entry(name: holder, signature: signature, problem: problem))
            } catch let fault as PublishingFault {
                entries.append(Entry(name: holder, signature: nil, problem: "cannot be read: \(fault.found ?? "")"))
            } catch let fault as any ReportableFault {
                // One bad file is not to hide what the others have signed.
                entries.append(Entry(name: holder, signature: nil, problem: "cannot be read: \(fault.message)"))
            }
        }
        return entries
    }

    private static func problem(with signature: StagedSignature, for staged: StagedRole) -> String? {
        guard signature.role == staged.role, signature.version == staged.version else {
            return "covers version \(signature.version) of \(signature.role)"
        }
        guard signature.signed == staged.digest else { return "covers other bytes than what is staged now" }
        return nil
    }

    /// The same with one signature of each key: a valid one, if there is any. Somebody else's file that claims to be of a
    /// key must not keep its holder's own from being counted.
    func countingOnce(_ signers: [RoleSigners]) -> StagedRole {
        func isValid(_ entry: Entry) -> Bool {
            guard let signature = entry.signature else { return false }
            return signers.contains {
                $0.keys[signature.keyID]?.isValid(signature: signature.signature, for: signedBytes) ?? false
            }
        }
        var counted: [KeyID: Int] = [:]
        for (index, entry) in entries.enumerated() where entry.problem == nil {
            guard let keyID = entry.signature?.keyID else { continue }
            if let earlier = counted[keyID], isValid(entries[earlier]) || !isValid(entry) { continue }
            counted[keyID] = index
        }
        let once = entries.enumerated().map { index, entry in
            guard entry.problem == nil, let chosen = entry.signature.flatMap({ counted[$0.keyID] }), chosen != index
            else { return entry }
            let problem = "is by the same key as \(entries[chosen].name)'s and counts once"
            return Entry(name: entry.name, signature: entry.signature, problem: problem)
        }
        return StagedRole(role: role, content: content, signedBytes: signedBytes, entries: once)
    }
}

extension Workspace {
    func signatures(of staged: StagedRole) -> FilePath { signatures(staged.role, version: staged.version) }

    func signatures(_ role: RoleName, version: Int) -> FilePath {
        stagedSignatures.appending("\(version).\(PercentEncoding.encode(role.text))")
    }

    /// Takes one version of a role out of what is staged, with its signatures.
    func unstage(_ role: RoleName, version: Int) throws {
        try storage.removeTree(signatures(role, version: version))
        try storage.remove(stagedMetadata.appending(role.fileName(version: version)))
    }

    /// Every staged role, root first, then targets, then channels by name.
    package func loadStagedRoles() throws -> [StagedRole] {
        guard try storage.info(stagedMetadata)?.kind == .directory else { return [] }
        let names = try storage.list(stagedMetadata).filter { !$0.hasPrefix(".") }
        let roles = try names.map { try StagedRole.load($0, from: self) }
        for (index, role) in roles.enumerated() {
            if let other = roles[..<index].first(where: { $0.role == role.role }) {
                throw PublishingFault(
                    .malformedStaging, found: "\(other.fileName) and \(role.fileName)",
                    expected: "one next version of a role", at: stagedMetadata.string)
            }
        }
        return roles.sorted { ($0.rank, $0.role) < ($1.rank, $1.role) }
    }

    /// Puts a role's next version in the place of what was staged for it; signatures over that are dropped.
    func stage(_ staged: StagedRole) throws {
        try storage.makeDirectory(stagedMetadata)
        // First the new bytes: signatures that a crash leaves behind no longer fit, and are reported, not counted.
        try storage.write(staged.file(with: [:]), to: stagedMetadata.appending(staged.fileName))
        try storage.removeTree(signatures(of: staged))
    }
}

extension StagedRole {
    fileprivate var rank: Int {
        switch role {
        case .root: 0
        case .targets: 1
        default: 2
        }
    }
}

import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TUF

/// Takes signatures back that were made elsewhere: each is checked, and only when all are good is any of them taken.
package struct SignatureAttachment {
    package struct Item: Hashable, Sendable {
        package let role: RoleName
        package let version: Int
        /// Whose it is.
        package let name: String

        package init(role: RoleName, version: Int, name: String) {
            self.role = role
            self.version = version
            self.name = name
        }
    }

    package struct Result: Sendable {
        package let taken: [Item]
        /// That were here before.
        package let present: [Item]
    }

    private static let mostFiles = 1000

    private let workspace: Workspace

    package init(workspace: Workspace) {
        self.workspace = workspace
    }

    /// - Parameter paths: signature files, and folders that `payload` made.
    package func attach(_ paths: [FilePath]) throws -> Result {
        try workspace.check()
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        let staging = try Staging.load(workspace)
        var taken: [(item: Item, path: FilePath, bytes: [UInt8])] = []
        var present: [Item] = []
        for path in try paths.flatMap({ try files(at: $0) }) {
            let bytes = try workspace.storage.read(path, limit: StagedSignature.byteLimit)
            let signature = try Self.decode(bytes, at: path)
            let (staged, key) = try accept(signature, in: staging, at: path)
            let name = KeyholderName.of(signature.keyID, key)
            let item = Item(role: staged.role, version: staged.version, name: name)
            let isPresent =
                staged.signatures[signature.keyID]
                .map { key.isValid(signature: $0, for: staged.signedBytes) } ?? false
            if isPresent || taken.contains(where: { $0.item == item }) {
                if !present.contains(item), isPresent { present.append(item) }
                continue
            }
            taken.append((item, place(name, signature.keyID, staged), bytes))
        }
        for file in taken {
            try workspace.storage.makeDirectory(file.path.folder)
            try workspace.storage.write(file.bytes, to: file.path)
        }
        return Result(taken: taken.map(\.item), present: present)
    }

    private static func decode(_ bytes: [UInt8], at path: FilePath) throws(PublishingFault) -> StagedSignature {
        do { return try StagedSignature.decode(bytes, at: path.string) } catch {
            throw PublishingFault(
                .unfitSignature, found: error.found, expected: "\(StagedSignature.format)", at: path.string,
                hint: "name the files that sceau sign wrote, or the folder that sceau payload made")
        }
    }

    /// The one file, or every signature in a payload's folder.
    private func files(at path: FilePath) throws -> [FilePath] {
        let storage = workspace.storage
        guard try storage.info(path)?.kind == .directory else { return [path] }
        let folder = Workspace(at: path, storage: storage).stagedSignatures
        guard try storage.info(folder)?.kind == .directory else {
            throw PublishingFault(
                .unfitSignature, found: "a folder without signatures", expected: "Staged/signatures in it",
                at: path.string,
                hint: "name the folder that sceau payload made, once it has been signed, or single files")
        }
        var files: [FilePath] = []
        for role in try storage.list(folder) where try storage.info(folder.appending(role))?.kind == .directory {
            for name in try storage.list(folder.appending(role)) where name.hasSuffix(".json") && !name.hasPrefix(".") {
                files.append(folder.appending(role).appending(name))
                guard files.count <= Self.mostFiles else {
                    throw PublishingFault(
                        .unfitSignature, expected: "at most \(Self.mostFiles) signatures", at: folder.string)
                }
            }
        }
        return files
    }

    /// A valid signature of another key of the same name is not overwritten.
    private func place(_ name: String, _ keyID: KeyID, _ staged: StagedRole) -> FilePath {
        let isTaken = staged.entries.contains {
            $0.name == name && $0.problem == nil && $0.signature?.keyID != keyID
        }
        return workspace.signatures(of: staged).appending(isTaken ? "\(name)-\(keyID.short).json" : "\(name).json")
    }

    private func accept(
        _ signature: StagedSignature, in staging: Staging, at path: FilePath
    ) throws(PublishingFault) -> (StagedRole, PublicKey) {
        let covered = "\(Shown.text(signature.role.text, limit: 100)) version \(signature.version)"
        func unfit(_ found: String, _ expected: String, _ hint: String? = nil) -> PublishingFault {
            PublishingFault(.unfitSignature, found: found, expected: expected, at: path.string, hint: hint)
        }
        guard let staged = staging.staged(signature.role), staged.version == signature.version else {
            let list = staging.roles.map { "\($0.role) version \($0.version)" }.joined(separator: ", ")
            throw unfit(
                "a signature of \(covered)", list.isEmpty ? "nothing, since nothing is staged" : "one of " + list,
                "it may have been published meanwhile, or taken back")
        }
        guard signature.signed == staged.digest else {
            throw unfit(
                "a signature over other bytes", "\(covered) as it is staged here",
                "it was staged anew meanwhile: make a new payload and have it signed again")
        }
        let signers = staging.signers(of: staged.role).first { $0.keyIDs.contains(signature.keyID) }
        guard let key = signers?.keys[signature.keyID] else {
            throw unfit("a signature by key \(signature.keyID.short)", "one by a keyholder of \(staged.role)")
        }
        guard key.isValid(signature: signature.signature, for: staged.signedBytes) else {
            throw unfit(
                "a signature that does not verify", "one by \(KeyholderName.of(signature.keyID, key))",
                "the file is damaged or forged; ask for it again")
        }
        return (staged, key)
    }
}

import FoundationEssentials
import Primitives
import Signatures
import TUF

/// What a channel's archive lists, over as many metadata files as it takes.
///
/// One file as long as that is short enough; then it delegates to sixteen bins by the first hexadecimal digit of the
/// SHA-256 of a target's path, and a bin that grows too long to sixteen of its own by the next digit. What is where
/// follows from what is listed, not from the order in which it came. A file that once was there stays, and so does a
/// target.
package struct ArchiveTrie {
    /// Who signs every one of the files: the channel's own keyholders.
    package struct Signers: Sendable {
        let keys: [KeyID: PublicKey]
        let roleKeys: RoleKeys

        package init(_ signers: RoleSigners) {
            keys = signers.keys.filter { signers.keyIDs.contains($0.key) }
            roleKeys = RoleKeys(keyIDs: signers.keyIDs, threshold: signers.threshold)
        }
    }

    /// The archive's own role; bins are named after it.
    package let top: RoleName
    /// By role; a new one's header is for others to fill in.
    package private(set) var documents: [RoleName: Targets]
    /// Roles whose content is another than it was.
    package private(set) var changed: Set<RoleName> = []
    private let signers: Signers
    private let limit: Int

    /// - Parameters:
    ///   - documents: what is there already, by role; headers stay as they are.
    ///   - limit: bytes that a file with all its signatures may have.
    package init(_ top: RoleName, _ documents: [RoleName: Targets], signers: Signers, limit: Int) {
        self.top = top
        self.documents = documents
        self.signers = signers
        self.limit = limit
    }

    /// Roles that changed, each after those it delegates to.
    package var changedDeepestFirst: [RoleName] {
        changed.sorted { ($1.text.count, $0) < ($0.text.count, $1) }
    }

    // MARK: names

    private static let hexDigits = Array("0123456789abcdef".utf8)
    /// Two targets that share so many digits do not occur.
    private static let longestPrefix = 16

    /// The bin for paths whose hash begins with `prefix`; the archive itself for an empty one.
    private func role(_ prefix: [UInt8]) -> RoleName {
        prefix.isEmpty ? top : RoleName(ByteString(top.text.bytes + [UInt8(ascii: "-")] + prefix))
    }

    /// Whether `role` is the archive `top` or has the name of one of its bins.
    package static func contains(_ role: RoleName, archive top: RoleName) -> Bool {
        if role == top { return true }
        let digits = role.text.bytes.dropFirst(top.text.count + 1)
        return role.text.bytes.starts(with: top.text.bytes + [UInt8(ascii: "-")])
            && (1...longestPrefix).contains(digits.count) && digits.allSatisfy { hexDigits.contains($0) }
    }

    // MARK: inserting

    /// Lists `targets`. What is listed already changes nothing.
    package mutating func insert(_ targets: [ByteString: TargetFile]) {
        var grown: Set<[UInt8]> = []
        for (path, file) in targets {
            if let prefix = insert(path, file, below: []) { grown.insert(prefix) }
        }
        for prefix in grown { splitIfTooLong(prefix) }
    }

    /// Returns the prefix of the bin that lists it from now on; nil when it did before.
    private mutating func insert(_ path: ByteString, _ file: TargetFile, below start: [UInt8]) -> [UInt8]? {
        let hash = Array(Digest.sha256(of: path.bytes).hex.utf8)
        var prefix = start
        while documents[role(prefix)]?.delegations != nil, prefix.count < Self.longestPrefix {
            let bin = Array(hash.prefix(prefix.count + 1))
            delegate(from: prefix, to: bin)
            prefix = bin
        }
        let name = role(prefix)
        var document = documents[name] ?? Self.empty
        guard document.targets[path] != file else { return nil }
        document.targets[path] = file
        documents[name] = document
        changed.insert(name)
        return prefix
    }

    private mutating func delegate(from prefix: [UInt8], to bin: [UInt8]) {
        let (delegator, name) = (role(prefix), role(bin))
        guard var document = documents[delegator], var delegations = document.delegations,
            case .listed(var list) = delegations.roles, !list.contains(where: { $0.name == name })
        else { return }
        list.append(
            DelegatedRole(
                name: name, keys: signers.roleKeys, terminating: false, scope: .hashPrefixes([ByteString(bin)])))
        list.sort { $0.name < $1.name }
        delegations.roles = .listed(list)
        delegations.keys.merge(signers.keys) { $1 }
        document.delegations = delegations
        documents[delegator] = document
        changed.insert(delegator)
    }

    private mutating func splitIfTooLong(_ prefix: [UInt8]) {
        let name = role(prefix)
        guard var document = documents[name], document.delegations == nil, document.targets.count > 1,
            prefix.count < Self.longestPrefix, length(document, name) > limit
        else { return }
        let targets = document.targets
        document.targets = [:]
        document.delegations = Delegations(keys: signers.keys, roles: [])
        documents[name] = document
        changed.insert(name)
        var bins: Set<[UInt8]> = []
        for (path, file) in targets {
            if let bin = insert(path, file, below: prefix) { bins.insert(bin) }
        }
        for bin in bins { splitIfTooLong(bin) }
    }

    /// With a long version, so that a file does not become too long by being signed again.
    private func length(_ document: Targets, _ name: RoleName) -> Int {
        var document = document
        document.header = PayloadHeader(version: 999_999, expires: Date(timeIntervalSince1970: 0))
        return Staging.length(.unsigned(name, .targets(document)), signatures: signers.roleKeys.keyIDs.count)
    }

    private static var empty: Targets { WishedMetadata.empty }
}

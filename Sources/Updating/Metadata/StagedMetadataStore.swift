import Primitives
import TUF

/// Trusted metadata of one run, in memory over what is stored, until all that there is to check has been checked.
///
/// From the commit on it stores at once. A value whose run fails is forgotten, and nothing of it was ever stored.
final class StagedMetadataStore: MetadataStore {
    private let base: any MetadataStore
    /// The stored root is not shown: roots are walked anew from the pinned one.
    private let hidesRoot: Bool
    /// In the order in which they were made; nil for a removal.
    private var changes: [(name: String, bytes: [UInt8]?)] = []
    private var isCommitted = false

    /// Every root saved, oldest first.
    private(set) var newRoots: [[UInt8]] = []

    init(_ base: any MetadataStore, hidesRoot: Bool = false) {
        self.base = base
        self.hidesRoot = hidesRoot
    }

    func loadMetadata(_ fileName: String, limit: Int) throws -> [UInt8]? {
        if let change = changes.last(where: { $0.name == fileName }) {
            return change.bytes.flatMap { $0.count <= limit ? $0 : nil }
        }
        if hidesRoot, !isCommitted, fileName == RoleName.root.fileName { return nil }
        return try base.loadMetadata(fileName, limit: limit)
    }

    func saveMetadata(_ bytes: [UInt8], as fileName: String) throws {
        guard !isCommitted else { return try base.saveMetadata(bytes, as: fileName) }
        if fileName == RoleName.root.fileName { newRoots.append(bytes) }
        changes.append((fileName, bytes))
    }

    func removeMetadata(_ fileName: String) throws {
        guard !isCommitted else { return try base.removeMetadata(fileName) }
        changes.append((fileName, nil))
    }

    /// Stores everything, in the order in which it came. Stopped in between, some of it is stored: each single file was
    /// verified, and a root comes after the removals it asks for.
    func commit() throws {
        for (place, change) in changes.enumerated() {
            // Of several roots only the last one is kept.
            let isLast = !changes[(place + 1)...].contains { $0.name == change.name && $0.bytes != nil }
            if let bytes = change.bytes {
                if isLast { try base.saveMetadata(bytes, as: change.name) }
            } else {
                try base.removeMetadata(change.name)
            }
        }
        changes = []
        isCommitted = true
    }
}

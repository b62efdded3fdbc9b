import DurableStorage
internal import Glibc
import SystemPackage

/// Remembers what is not yet safe on the disk, and can undo it.
struct FaultyDisk {
    /// A change of names that is lost unless the folder is flushed.
    private enum Change {
        /// A file, link or folder was made at `path`, where `former` (a copy kept aside) stood.
        case made(FilePath, former: FilePath?)
        case renamed(from: FilePath, to: FilePath, former: FilePath?)
        case removed(FilePath, former: FilePath?)

        var folder: FilePath {
            switch self {
            case .made(let path, _), .removed(let path, _): path.folder
            case .renamed(_, let to, _): to.folder
            }
        }
    }

    private let aside: TemporaryFolder
    private var keptCount = 0
    /// Oldest first.
    private var changes: [Change] = []
    /// Files written and not flushed, with what was safe of them (a copy kept aside shares the file itself).
    private var unflushed: [FilePath: (former: FilePath?, safeBytes: off_t)] = [:]
    /// Announced, and under way until the next is announced.
    private var current: DurableEffect?

    /// `base` is on the file system of what is watched: copies are kept aside by hard links.
    init(in base: String) throws {
        aside = try TemporaryFolder(in: base)
    }

    /// The effect is about to happen; the one before it has happened.
    mutating func begin(_ effect: DurableEffect) {
        settle()
        current = effect
        switch effect {
        case .write(let path):
            let former = keep(path)
            unflushed[path] = (former, size(path) ?? 0)
            changes.append(.made(path, former: former))
        case .makeDirectory(let path), .makeLink(let path, _):
            changes.append(.made(path, former: keep(path)))
        case .rename(let from, let to):
            changes.append(.renamed(from: from, to: to, former: keep(to)))
            unflushed[to] = unflushed.removeValue(forKey: from)
        case .remove(let path):
            changes.append(.removed(path, former: keep(path)))
        case .flush, .flushDirectory, .syncFileSystem:
            break
        }
    }

    /// Leaves the files as they may be after a stop; the effect last begun has happened.
    mutating func lose(_ loss: FaultyStorage.Loss) {
        settle()
        guard loss != .nothing else { return }
        for (path, entry) in unflushed { loseHalf(of: path, entry.former, safeBytes: entry.safeBytes) }
        guard loss == .everythingUnflushed else { return }
        for change in changes.reversed() { undo(change) }
    }

    private mutating func settle() {
        switch current {
        case .flush(let path): unflushed[path] = nil
        case .flushDirectory(let path): changes.removeAll { $0.folder == path || ($0.folder.isEmpty && path == ".") }
        case .syncFileSystem:
            unflushed = [:]
            changes = []
        default: break
        }
        current = nil
    }

    private func undo(_ change: Change) {
        switch change {
        case .made(let path, let former):
            // Appending made nothing: the file is the one that stood there.
            if let former, identity(former) == identity(path) { return }
            removeAll(path)
            if let former { rename(former.string, path.string) }
        case .renamed(let from, let to, let former):
            rename(to.string, from.string)
            if let former { rename(former.string, to.string) }
        case .removed(let path, let former):
            if let former, identity(path) == nil { rename(former.string, path.string) }
        }
    }

    /// Half of what came after the safe bytes is lost; all is new when the file was made anew.
    private func loseHalf(of path: FilePath, _ former: FilePath?, safeBytes: off_t) {
        guard let now = size(path) else { return }
        let isAppended = former.map { identity($0) == identity(path) } ?? false
        let safe = isAppended ? min(safeBytes, now) : 0
        truncate(path.string, safe + (now - safe) / 2)
    }

    // MARK: copies

    /// Keeps what stands at `path`: hard links of its files, so that undoing brings back the files themselves.
    private mutating func keep(_ path: FilePath) -> FilePath? {
        guard identity(path) != nil else { return nil }
        keptCount += 1
        let copy = aside.path("\(keptCount)")
        link(path, to: copy)
        return copy
    }

    private func link(_ path: FilePath, to copy: FilePath) {
        guard let info = try? DurableStorage().info(path) else { return }
        guard info.kind == .directory else {
            Glibc.link(path.string, copy.string)
            return
        }
        mkdir(copy.string, 0o700)
        for name in (try? DurableStorage().list(path)) ?? [] {
            link(path.appending(name), to: copy.appending(name))
        }
        chmod(copy.string, info.permissions.rawValue)
    }

    private func removeAll(_ path: FilePath) {
        try? DurableStorage().removeTree(path)
    }

    private func identity(_ path: FilePath) -> ino_t? {
        var status = stat()
        return lstat(path.string, &status) == 0 ? status.st_ino : nil
    }

    private func size(_ path: FilePath) -> off_t? {
        var status = stat()
        guard lstat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return status.st_size
    }
}

import DurableStorage
import Primitives
import Releases
import SystemPackage

/// What was removed.
package struct GarbageReport: Sendable {
    /// Of all files that were removed, as they say themselves; where files share blocks the disk has gained less.
    package let bytes: Int
    /// Releases of which nothing is here any more, oldest first.
    package let versions: [Version]
}

extension Agent {
    /// Removes what is not needed: releases beyond `keep`, partial downloads, and what programs said. Never the installed
    /// release, the one before it, the one that was gone back from, or one that waits.
    package func collectGarbage() throws -> GarbageReport {
        try exclusively(.gc) { _ in
            var run = UpdateRun(self)
            _ = try run.recover()
            let (before, kept) = (try usedBytes(), try instance.keptVersions())
            try run.cleanUp()
            if try storage.info(folders.output) != nil {
                for name in try storage.list(folders.output) {
                    try storage.remove(folders.output.appending(name))
                }
            }
            if let outcome = run.outcome { try outcome.check() }
            let left = Set(try instance.keptVersions())
            return GarbageReport(
                bytes: max(0, before - (try usedBytes())), versions: kept.filter { !left.contains($0) }.sorted())
        }
    }

    private func usedBytes() throws -> Int {
        try [folders.versions, folders.downloads, folders.releases, folders.output].reduce(0) {
            $0 + (try bytes(below: $1))
        }
    }

    /// Links are not followed. Names that are not UTF-8 are none of ours, and not counted.
    private func bytes(below top: FilePath) throws -> Int {
        var (total, folders) = (0, [top])
        while let folder = folders.popLast() {
            guard try storage.info(folder)?.kind == .directory else { continue }
            for name in try storage.list(folder) {
                let path = folder.appending(name)
                switch try storage.info(path) {
                case let info? where info.kind == .directory: folders.append(path)
                case let info? where info.kind == .file: total += info.size
                default: break
                }
            }
        }
        return total
    }
}

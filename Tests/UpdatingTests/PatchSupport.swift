import Archiving
import DurableStorage
import Patching
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@testable import Updating

extension ReleaseRepository {
    /// As the publisher makes it, from a release that was added before.
    func patch(from earlier: String, to files: [String: String]) async throws -> Patch {
        let folder = try TemporaryFolder()
        for (path, text) in try #require(releases[earlier]).files { try folder.write(text, to: "old/\(path)") }
        for (path, text) in files { try folder.write(text, to: "new/\(path)") }
        let (old, new) = (folder.path("old"), folder.path("new"))
        let made = try await PatchEncoder(packer: PatchCompression()).encode(
            from: TreePacker().list(old), TreeFiles(old), to: TreePacker().list(new), TreeFiles(new))
        return Patch(from: earlier, bytes: made.bytes)
    }

    @discardableResult
    func add(_ version: String, _ files: [String: String], patchesFrom earlier: [String]) async throws -> Release {
        var patches: [Patch] = []
        for one in earlier { patches.append(try await patch(from: one, to: files)) }
        return try add(version, files, patches: patches)
    }

    /// What was asked for since `requests` was emptied, without digests and folders.
    var requestedNames: [String] {
        requests.map { $0.split(separator: "/").last.map(String.init) ?? "" }
            .map { $0.count > 65 ? String($0.dropFirst(65)) : $0 }
    }
}

extension TestInstance {
    func history() throws -> [HistoryEntry] {
        try Instance(folders: InstanceFolders(configuration), storage: DurableStorage()).history()
    }

    /// Every file of a kept tree with its text.
    func tree(_ version: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (path, info) in try folder.contents()
        where path.hasPrefix("prefix/versions/\(version)/") && info.kind == .file {
            files[path] = try folder.read(path)
        }
        return files
    }
}

/// Releases that hardly compress, so that a patch is much smaller than an archive.
enum LargeSample {
    static func files(_ version: String) -> [String: String] {
        var (state, letters) = (UInt64(7), [UInt8]())
        for _ in 0..<6000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            letters.append(UInt8(ascii: " ") + UInt8(truncatingIfNeeded: (state >> 56) % 90))
        }
        let core = String(decoding: letters, as: UTF8.self)
        return [
            "bin/serve": "serve \(version)", "etc/default.conf": "port 25", "lib/core": core,
            "lib/version": core.prefix(3000) + version + core.suffix(2500), "share/doc/of-\(version)": "here",
        ]
    }
}

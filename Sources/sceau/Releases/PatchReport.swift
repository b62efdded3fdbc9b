import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import Synchronization

extension ReleaseManifest.Patch {
    /// `0.4 %`, rounded up.
    func share(_ archive: ReleaseManifest.Archive) -> String {
        let perMille = perMille(of: archive)
        return "\(perMille / 10).\(perMille % 10) %"
    }

    func line(_ archive: ReleaseManifest.Archive) -> String {
        "patch from \(fromVersion): \(HumanFormat.bytes(bytes)), \(share(archive)) of the archive"
    }

    func sizes(_ archive: ReleaseManifest.Archive) -> JSONObject {
        [
            "from": .string(fromVersion.text), "file": .string(file.text), "bytes": .integer(Int64(bytes)),
            "per_mille_of_archive": .integer(Int64(perMille(of: archive))),
        ]
    }
}

/// The line on the terminal that says which patch is being made, and how long that may still take.
final class PatchDisplay: Sendable {
    private let shown = Mutex<(title: String, line: ProgressLine)?>(nil)

    /// May be called from any thread.
    func show(_ work: PatchWork) {
        switch work {
        case .unpacking(let version): line(titled: "unpacking \(version)").update { "…" }
        case .making(let from, let done, let total):
            line(titled: "making the patch from \(from)").update(bytes: done, of: total)
        case .trying(let from, let done, let total):
            line(titled: "trying the patch from \(from)").update(bytes: done, of: total)
        }
    }

    func finish() {
        shown.withLock { shown in
            shown?.line.finish()
            shown = nil
        }
    }

    private func line(titled title: String) -> ProgressLine {
        shown.withLock { shown in
            if let shown, shown.title == title { return shown.line }
            shown?.line.finish()
            let new = ProgressLine(title)
            shown = (title, new)
            return new
        }
    }
}

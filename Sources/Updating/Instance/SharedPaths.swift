import DurableStorage
import Primitives
import Releases
import SystemPackage

extension Instance {
    /// Paths below `PREFIX/shared` that a release kept here links to, and that are not there: links that lead nowhere, which
    /// is no fault as long as the product makes what it needs.
    func missingShared(of version: Version) -> [FilePath] {
        let shared = ((try? keptManifest(version)) ?? nil)?.install.shared ?? []
        return shared.map { folders.shared.pushing(FilePath($0.asWritten)) }.filter { path in
            // What cannot be looked at may well be there.
            do { return try storage.info(path) == nil } catch { return false }
        }
    }
}

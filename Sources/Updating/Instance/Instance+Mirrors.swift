import DurableStorage
import SystemPackage
import UpdatePlan

extension Instance {
    /// What is remembered of mirrors, in `mirrors.json`.
    var mirrorStore: Mirrors.Store {
        Mirrors.Store(
            load: {
                try readOwn(folders.mirrors, limit: MirrorMemory.limit).flatMap(MirrorMemory.decode) ?? MirrorMemory()
            },
            save: { try storage.write($0.encode(), to: folders.mirrors) })
    }
}

import DurableStorage
internal import Glibc
import SystemPackage

/// A folder of our own for the length of one audit, in `TMPDIR` or `/tmp`; removed with all it holds.
final class ScratchFolder {
    let path: FilePath

    init() throws(StorageFault) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/sceau-audit-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StorageFault(Errno(rawValue: errno), "mkdtemp", at: FilePath(parent))
        }
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    deinit {
        try? DurableStorage().removeTree(path)
    }
}

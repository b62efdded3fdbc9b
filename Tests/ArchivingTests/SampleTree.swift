import DurableStorage
import Foundation
import SystemPackage
import TestSupport

/// What a test puts on the disk to be packed.
enum Sample {
    case folder(String)
    case file(String, String, executable: Bool = false)
    case link(String, to: String)

    /// Odd but allowed names, empty things, executables, links, long paths, more bytes than one block.
    static let everything: [Sample] = [
        .folder("empty folder"), .folder("a"), .folder("a/b"), .file("a/b/file", "hello"), .file("a-b", "between"),
        .file("a.b", "dot"), .file("empty", ""), .file("run me.sh", "#!/bin/sh\n", executable: true),
        .file("nfc-\u{e9}", "composed"), .file("nfd-e\u{301}", "decomposed"), .file("日本語 – ünï", "wide"),
        .file("-dash", "dash"), .file("*?[x]{y}", "pattern"), .file("back\\slash", "slash"), .file("#hash=equals", "="),
        .file("quote'\"$HOME`x`", "quotes"), .file("~tilde", "~"), .file("100 %41", "percent"), .folder("sub"),
        .link("sub/up", to: "../a/b/file"), .link("down", to: "a/b"), .link("dangling é", to: "no/such ü"),
        .link("sub/root", to: ".."), .folder(longFolder), .file("\(longFolder)/\(longName)", "long"),
        .file("large", String(repeating: "0123456789abcdef", count: 40_000)),
    ]

    static let longName = String(repeating: "n", count: 200)
    static let longFolder = String(repeating: "f", count: 150)
}

extension TemporaryFolder {
    /// Makes the samples below `name` in the given order and returns the folder.
    @discardableResult
    func make(_ samples: [Sample], in name: String = "tree") throws -> FilePath {
        let manager = FileManager.default
        let root = path(name)
        // Explicit modes: while another test extracts, libarchive may have the umask at 0.
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o755]
        try manager.createDirectory(atPath: root.string, withIntermediateDirectories: true, attributes: mode)
        for sample in samples {
            switch sample {
            case .folder(let name):
                try manager.createDirectory(
                    atPath: root.string + "/" + name, withIntermediateDirectories: true, attributes: mode)
            case .file(let name, let text, let executable):
                let file = root.string + "/" + name
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                try manager.setAttributes([.posixPermissions: executable ? 0o755 : 0o644], ofItemAtPath: file)
            case .link(let name, let target):
                try manager.createSymbolicLink(atPath: root.string + "/" + name, withDestinationPath: target)
            }
        }
        return root
    }

    /// Removes what `touch` made: removing a tree goes by names that are text.
    func untouch(_ name: [UInt8], in tree: FilePath) {
        let path = Array(tree.string.utf8) + [UInt8(ascii: "/")] + name + [0]
        unlink(path.map(CChar.init(bitPattern:)))
    }

    /// Makes an empty file whose name is any bytes; `untouch` it.
    func touch(_ name: [UInt8], in tree: FilePath) throws {
        let path = Array(tree.string.utf8) + [UInt8(ascii: "/")] + name + [0]
        let descriptor = open(path.map(CChar.init(bitPattern:)), O_CREAT | O_WRONLY, 0o644)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        close(descriptor)
    }
}

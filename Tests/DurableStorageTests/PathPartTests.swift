import DurableStorage
import SystemPackage
import Testing

@Suite struct `The halves of a path` {
    @Test(arguments: [
        "", "/", "a", "/a", "a/b", "/a/b", "a/", "//a//b/", "../x", "a/..", "/srv/mail-suite/é.json", ".",
    ])
    func `are those that FilePath gives`(_ text: String) {
        let path = FilePath(text)
        #expect(path.folder == path.removingLastComponent())
        #expect(path.fileName == path.lastComponent?.string)
    }
}

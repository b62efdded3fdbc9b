import Primitives
import Releases
import Signatures
import Testing

@Suite struct TreeListingTests {
    static let empty = Digest.sha256(of: [])

    static func file(_ path: ByteString, size: Int = 0, executable: Bool = false) -> TreeEntry {
        TreeEntry(path, .file(size: size, sha256: empty, executable: executable))
    }

    static func code(_ body: () throws -> Void) -> ReleaseFaultCode? {
        do { try body() } catch { return (error as? ReleaseFault)?.code }
        return nil
    }

    static let sample: [TreeEntry] = [
        file("b c#=\\*?[]é", size: 12, executable: true), TreeEntry("a", .directory), file("a/x"), file("a-b"),
        TreeEntry("a/up", .link(target: "../b c")),
    ]

    static let text = """
        #mtree
        . mode=755 type=dir
        ./a mode=755 type=dir
        ./a-b mode=644 type=file size=0 sha256digest=\(empty)
        ./a/up mode=777 type=link link=../b\\040c
        ./a/x mode=644 type=file size=0 sha256digest=\(empty)
        ./b\\040c\\043\\075\\134\\052\\077\\133\\135\\303\\251 mode=755 type=file size=12 sha256digest=\(empty)

        """

    @Test func hasOneTextInByteOrder() throws {
        let listing = try TreeListing(Self.sample)
        #expect(ByteString(listing.encoding) == ByteString(Self.text))
        #expect(listing.digest == .sha256(of: Array(Self.text.utf8)))
        #expect((listing.fileCount, listing.totalBytes) == (3, 12))
        #expect(try TreeListing(Self.sample.reversed()) == listing)
        #expect(try TreeListing.decode(listing.encoding) == listing)
        #expect(listing.entry(at: "a/x") == Self.file("a/x"))
        #expect(listing.entry(at: "a/y") == nil)
    }

    @Test func anEmptyTreeHasAListing() throws {
        let listing = try TreeListing([])
        #expect(ByteString(listing.encoding) == "#mtree\n. mode=755 type=dir\n")
        #expect(try TreeListing.decode(listing.encoding) == listing)
    }

    @Test(arguments: [
        ("#mtree\n", ""), ("./a mode", "./A mode"), ("mode=755 type=dir\n./a ", "mode=700 type=dir\n./a "),
        ("size=12", "size=012"), ("size=12", "size=+12"), ("size=12", "size=-1"),
        ("size=12", "size=99999999999999999999"),
        ("size=12 ", ""), ("\\040c\n", " c\n"), ("\\040c\n", "\\40c\n"), ("\\040c\n", "\\04c\n"), ("\\303", "\\503"),
        ("\\303\\251", "é"), ("./a-b", "a-b"), ("./a-b", "./\\141-b"), ("type=link", "type=char"),
        ("mode=777", "mode=755"),
        ("./a-b mode=644", "./a-b mode=4644"), ("./a-b mode=644", "./a-b  mode=644"), ("\n./a/x", "\n\n./a/x"),
        ("sha256digest=e3", "sha256digest=E3"), ("sha256digest=e3", "sha256=e3"), ("\n./a/x", "\n./a/../x"),
        ("\n./a/x", "\n./../x"), ("link=../b", "link=../../b"), ("link=../b", "link=/b"), ("./a/x", "./c/x"),
    ])
    func everyOtherSpellingIsRefused(_ old: String, _ new: String) throws {
        guard let range = Self.text.firstRange(of: old) else {
            Issue.record("not in the sample: \(old)")
            return
        }
        var text = Self.text
        text.replaceSubrange(range, with: new)
        #expect(throws: ReleaseFault.self) { try TreeListing.decode(Array(text.utf8)) }
    }

    @Test func everyCutAndEveryChangedByteIsRefusedOrIsAnotherListing() throws {
        let listing = try TreeListing(Self.sample)
        for index in listing.encoding.indices {
            let cut = try? TreeListing.decode(Array(listing.encoding.prefix(index)))
            #expect(cut.map { $0.encoding.count == index } ?? true)
            var changed = listing.encoding
            changed[index] ^= 1 << (index % 8)
            if let other = try? TreeListing.decode(changed) {
                #expect(other.encoding == changed)
                #expect(!other.differences(from: listing).isEmpty)
            }
        }
    }

    @Test(
        arguments: [
            ([file("a"), file("a")], .duplicatePath),
            ([file("a"), TreeEntry("a", .directory)], .duplicatePath),
            ([file("a/b")], .missingFolder),
            ([file("a"), file("a/b")], .missingFolder),
            ([TreeEntry("d", .directory), TreeEntry("l", .link(target: "d")), file("l/x")], .missingFolder),
            ([file("/a")], .unsafePath), ([file("../a")], .unsafePath), ([file(".")], .unsafePath),
            ([file("")], .unsafePath),
            ([file("a\u{7f}")], .unsafePath), ([file("a\nb")], .unsafePath), ([file("a\0b")], .unsafePath),
            ([file(ByteString([0xff]))], .unsafePath), ([file("a\u{85}")], .unsafePath),
            ([file(ByteString(String(repeating: "x", count: 256)))], .unsafePath),
            ([file("a", size: -1)], .malformedListing),
        ] as [([TreeEntry], ReleaseFaultCode)])
    func aTreeThatCannotBeIsRefused(_ entries: [TreeEntry], _ code: ReleaseFaultCode) {
        #expect(Self.code { _ = try TreeListing(entries) } == code)
    }

    @Test(arguments: [
        ("l", "a", true), ("l", "a/b", true), ("l", "./a//b/", true), ("d/l", "..", true), ("d/l", "../x/y", true),
        ("d/e/l", "../../x", true), ("l", "dangling/é", true), ("l", ".", true),
        ("l", "", false), ("l", "/", false), ("l", "/a", false), ("l", "..", false), ("l", "../a", false),
        ("d/l", "../..", false), ("d/l", ".././../x", false), ("d/l", "x/..", false), ("d/e/l", "../x/../y", false),
        ("l", "a\nb", false), ("l", "a\0b", false),
    ])
    func aLinkStaysInsideOrIsRefused(_ path: String, _ target: String, _ isSafe: Bool) {
        let code = Self.code { try TreePathPolicy().check(link: ByteString(path), target: ByteString(target)) }
        #expect(code == (isSafe ? nil : .unsafeLink))
    }

    @Test func whatIsLargerThanTheLimitsIsRefused() throws {
        let listing = try TreeListing(Self.sample)
        for limits in [
            TreeLimits(entries: 4), TreeLimits(bytes: 11), TreeLimits(listingBytes: listing.encoding.count - 1),
        ] {
            #expect(Self.code { _ = try TreeListing(Self.sample, limits: limits) } == .tooLarge)
            #expect(Self.code { _ = try TreeListing.decode(listing.encoding, limits: limits) } == .tooLarge)
        }
        #expect(Self.code { _ = try TreeListing(Self.sample, limits: TreeLimits(depth: 1)) } == .unsafePath)
        #expect(Self.code { _ = try TreeListing(Self.sample, limits: TreeLimits(pathBytes: 3)) } == .unsafePath)
        let huge = [Self.file("a", size: .max), Self.file("b", size: .max)]
        #expect(Self.code { _ = try TreeListing(huge) } == .tooLarge)
    }

    @Test func differencesSayWhatIsOtherAndWhere() throws {
        let old = try TreeListing([
            Self.file("a"), Self.file("b"), Self.file("c", size: 1), TreeEntry("l", .link(target: "a")),
        ])
        let new = try TreeListing([
            TreeEntry("b", .directory), Self.file("c", size: 2), Self.file("d"), TreeEntry("l", .link(target: "c")),
            Self.file("z"),
        ])
        #expect(
            new.differences(from: old).map(\.description) == [
                "a: missing", "b: type (found directory, expected file)", "c: size (found 2, expected 1)", "d: extra",
                "l: link (found c, expected a)", "z: extra",
            ])
        #expect(old.differences(from: old) == [])
    }
}

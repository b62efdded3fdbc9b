import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

@Suite("A hostile bundle")
struct HostileBundleTests {
    @Test("with one byte changed in any of its files is refused, or that byte decides nothing")
    func oneByte() throws {
        let bench = try BundleBench()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        bench.repository.simulator.bumpRoot()
        bench.repository.publish()
        let bundle = try bench.create()
        let good = try bench.bytes(bundle)
        var accepted: [String] = []
        for member in try TestTar.members(of: bundle) {
            var bytes = good
            bytes[member.offset + member.size / 2] ^= 1
            let instance = try bench.newInstance()
            do {
                try instance.apply(try bench.write(bytes))
                accepted.append(member.name)
                #expect(try instance.wholeVersion() == "1.1")
            } catch {
                #expect((error as? any ReportableFault)?.family == .refusal, "\(member.name): \(error)")
                #expect(try instance.wholeVersion() == nil, "\(member.name)")
            }
        }
        // The first root is what an instance has already; tiles are for those who know another past; without its proof a
        // release only waits longer.
        let manifest = try #require(bench.repository.releases["1.1"]).manifestBytes
        for name in accepted {
            #expect(
                name == "metadata/1.root.json" || name.hasPrefix("log/tile/0/")
                    || name == LogSimulator.proofPath(ofContent: manifest), "\(name)")
        }
        #expect(accepted.count == 3)
    }

    @Test("without any one of its files is refused, or that file decides nothing")
    func missing() throws {
        let bench = try BundleBench()
        bench.repository.simulator.bumpRoot()
        bench.repository.publish()
        let bundle = try bench.create()
        let bytes = try bench.bytes(bundle)
        let members = try TestTar.members(of: bundle)
        var accepted: [String] = []
        for left in members {
            let files = members.filter { $0.name != left.name }
            let changed = TestBundle.encode(files.map { ($0.name, Array(bytes[$0.offset..<$0.offset + $0.size])) })
            let instance = try bench.newInstance()
            do {
                try instance.apply(try bench.write(changed))
                accepted.append(left.name)
            } catch {
                #expect(error is any ReportableFault)
                #expect(try instance.wholeVersion() == nil, "\(left.name)")
                #expect((error as? any ReportableFault)?.hint?.contains("mirror") == false, "\(error)")
            }
        }
        let idle = ["metadata/1.root.json", "log/tile/0/", "log/proofs/"]
        #expect(accepted.allSatisfy { name in idle.contains { name.hasPrefix($0) } }, "\(accepted)")
        #expect(accepted.count == 3)
    }

    @Test("that breaks off anywhere is refused before anything is asked of it")
    func truncated() throws {
        let bench = try BundleBench()
        let bytes = try bench.bytes(bench.create())
        for length in [0, 1, 511, 512, 1024, bytes.count / 3, bytes.count / 2, bytes.count - 1024, bytes.count - 1] {
            let changed = try bench.write(Array(bytes.prefix(length)))
            let fault = code { try BundleMirror(changed, storage: DurableStorage()) }
            #expect(fault == "bundle/truncated" || fault == "bundle/malformed", "\(length): \(fault ?? "none")")
        }
        #expect(
            code { try BundleMirror(try bench.write(bytes + [0]), storage: DurableStorage()) } == "bundle/malformed")
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let bytes: @Sendable () -> [UInt8]

        init(_ description: String, _ code: String, _ entries: @escaping @Sendable () -> [TestTar.Entry]) {
            (testDescription, self.code) = (description, code)
            bytes = { TestTar.encode([TestTar.manifest()] + entries()) }
        }

        init(_ description: String, _ code: String, whole: @escaping @Sendable () -> [UInt8]) {
            (testDescription, self.code, bytes) = (description, code, whole)
        }

        static func named(_ name: String) -> Shape {
            Shape("a file named \(name)", "bundle/unsafe-name") { [TestTar.Entry(name: name, bytes: [1])] }
        }

        static func typed(_ type: Character, _ what: String) -> Shape {
            Shape(what, "bundle/malformed") {
                [TestTar.Entry(name: "metadata/1.root.json", bytes: [], type: type, link: "/etc/passwd")]
            }
        }

        static func pax(_ record: String, _ what: String) -> Shape {
            Shape(what, "bundle/malformed") {
                [
                    TestTar.Entry(name: "@long", bytes: Array(record.utf8), type: "x"),
                    TestTar.Entry(name: "@long", bytes: [1]),
                ]
            }
        }
    }

    static let shapes: [Shape] = [
        .named("../metadata/x"), .named("metadata/../../x"), .named("/metadata/x"), .named("metadata//x"),
        .named("metadata/./x"), .named("metadata/.x"), .named("other/x"), .named("x"), .named("metadata/"),
        .named("metadata/a b"), .named("metadata/\u{1b}[31m"), .named("metadata/a\\b"), .named("bundle.json"),
        .named(""),
        Shape("two files of one name", "bundle/unordered") {
            ["metadata/a", "metadata/a"].map { TestTar.Entry(name: $0, bytes: [1]) }
        },
        Shape("two files of one name, apart", "bundle/unordered") {
            ["metadata/a", "metadata/b", "metadata/a"].map { TestTar.Entry(name: $0, bytes: [1]) }
        },
        Shape("files out of order", "bundle/unordered") {
            ["metadata/b", "log/checkpoint"].map { TestTar.Entry(name: $0, bytes: [1]) }
        },
        .typed("1", "a hard link"), .typed("2", "a symbolic link"), .typed("3", "a device"), .typed("5", "a folder"),
        .typed("6", "a FIFO"), .typed("7", "a contiguous file"), .typed("S", "a sparse file of GNU"),
        .typed("L", "a long name of GNU"), .typed("g", "a global pax header"), .typed("\u{0}", "an old tar entry"),
        .pax("30 mtime=1350244992.023960108\n", "a pax header with a time"),
        .pax("19 path=metadata/x\n", "a pax header with a short name"),
        .pax("17 size=99999999\n", "a pax header with a size"),
        .pax("22 GNU.sparse.major=1\n", "a pax header with a hole"),
        .pax("path", "a pax header that is none"), .pax("", "an empty pax header"),
        Shape("a terabyte claimed, in base 256", "bundle/malformed") {
            [TestTar.Entry(name: "metadata/a", bytes: [1], size: [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])]
        },
        Shape("eight gigabytes claimed", "bundle/truncated") {
            [TestTar.Entry(name: "metadata/a", bytes: [1], size: Array("77777777777".utf8))]
        },
        Shape("a size that is no number", "bundle/malformed") {
            [TestTar.Entry(name: "metadata/a", bytes: [1], size: Array("-0000000001".utf8))]
        },
        Shape("a size in twelve digits", "bundle/malformed") {
            [TestTar.Entry(name: "metadata/a", bytes: [1], size: Array("000000000001".utf8))]
        },
        Shape("an owner", "bundle/malformed") { [TestTar.Entry(name: "metadata/a", bytes: [1], owner: "0001750")] },
        Shape("a prefix", "bundle/malformed") { [TestTar.Entry(name: "a", bytes: [1], prefix: "metadata")] },
        Shape("bytes behind a file", "bundle/malformed") {
            var bytes = TestTar.padded([1])
            bytes[511] = 1
            return [TestTar.Entry(name: "metadata/a", bytes: bytes, size: Array("00000000001".utf8))]
        },
        Shape(
            "a wrong checksum", "bundle/malformed",
            whole: {
                var bytes = TestTar.encode([TestTar.manifest(), TestTar.Entry(name: "metadata/a", bytes: [1])])
                bytes[1024 + 149] ^= 1
                return bytes
            }),
        Shape(
            "no manifest first", "bundle/malformed",
            whole: {
                TestTar.encode([TestTar.Entry(name: "metadata/a", bytes: [1]), TestTar.manifest()])
            }),
        Shape("nothing", "bundle/malformed", whole: { TestTar.encode([]) }),
        Shape(
            "a manifest in another encoding", "bundle/malformed",
            whole: {
                var entry = TestTar.manifest()
                entry.bytes.append(UInt8(ascii: "\n"))
                return TestTar.encode([entry])
            }),
        Shape(
            "a manifest of another format", "bundle/malformed",
            whole: {
                var entry = TestTar.manifest()
                entry.bytes = Array(
                    String(decoding: entry.bytes, as: UTF8.self).replacing("bundle/1", with: "bundle/2").utf8)
                return TestTar.encode([entry])
            }),
        Shape(
            "a manifest of a megabyte", "bundle/malformed",
            whole: {
                TestTar.encode([TestTar.Entry(name: "bundle.json", bytes: [UInt8](repeating: 32, count: 1 << 20))])
            }),
        Shape("a gzip file", "bundle/truncated", whole: { [0x1f, 0x8b, 8, 0] }),
    ]

    @Test(arguments: shapes) func `is refused with`(_ shape: Shape) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(shape.bytes(), to: "bundle")
        #expect(code { try BundleMirror(file, storage: DurableStorage()) } == shape.code)
    }

    @Test("with any byte changed around its files is refused, or names another file or release: there is one encoding")
    func frame() throws {
        let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        let long = "targets/" + String(repeating: "a", count: 150)
        let good = TestBundle.encode([("log/checkpoint", [1, 2, 3]), (long, [4])])
        let file = try folder.write(good, to: "bundle")
        let contents = try TestTar.members(of: file).map { $0.offset..<$0.offset + $0.size }
        let before = try BundleFile(file)
        for place in good.indices where !contents.contains(where: { $0.contains(place) }) {
            var bytes = good
            bytes[place] ^= UInt8(1 << (place % 8))
            try folder.write(bytes, to: "bundle")
            do {
                let after = try BundleFile(file)
                #expect(after.names != before.names || after.manifest != before.manifest, "byte \(place)")
            } catch {
                #expect(
                    (error as? any ReportableFault)?.codeText.hasPrefix("bundle/") == true, "byte \(place): \(error)")
            }
        }
    }

    @Test("of more files than any bundle has is refused")
    func tooMany() throws {
        let folder = try TemporaryFolder()
        let entries = (10...15).map { TestTar.Entry(name: "log/\($0)", bytes: []) }
        let file = try folder.write(TestTar.encode([TestTar.manifest()] + entries), to: "bundle")
        #expect(try BundleFile(file, countLimit: 6).names.count == 6)
        #expect(code { try BundleFile(file, countLimit: 5) } == "bundle/too-large")
    }

    @Test("that is a folder, a device or nothing at all is refused")
    func noFile() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, folder.path("none"), "/dev/zero", "/dev/null"] as [FilePath] {
            #expect(code { try BundleMirror(path, storage: DurableStorage()) } != nil)
        }
    }

    @Test("of another product, channel or publisher is refused, also when it says it is the right one")
    func otherProduct() throws {
        let bench = try BundleBench()
        let instance = try bench.instance(with: "1.0")
        let other = try BundleBench()
        for (product, channel) in [("other-suite", "stable"), ("mail-suite", "beta")] {
            let bytes = TestTar.encode([TestTar.manifest(product: product, channel: channel)])
            try instance.refuses(try bench.write(bytes), "bundle/other-channel")
        }
        // Another publisher's product of the same name, with keys of its own.
        other.repository.simulator.setKeys(of: .root, to: [TestKey("foreign root")])
        for role in [RoleName.timestamp, .snapshot, .targets] {
            other.repository.simulator.setKeys(of: role, to: [TestKey("foreign \(role)")])
        }
        other.repository.simulator.restartRoots()
        other.repository.log = LogSimulator()
        other.repository.publish()
        try other.repository.add("2.0", LargeSample.files("2.0"))
        let maker = try TestInstance(other.repository)
        try maker.initialise()
        let file = maker.folder.path("bundle")
        _ = try maker.agent().createBundle(BundleRequest(), to: file)
        try instance.refuses(file, "tuf/threshold-not-met")
    }

    @Test("that claims to hold the newest release but was made to lead to an older one is refused")
    func claimedVersion() throws {
        let bench = try BundleBench()
        let instance = try bench.newInstance()
        try bench.repository.add("1.1", LargeSample.files("1.1"))
        let older = try bench.create(bench.request("1.0"))
        let bytes = try bench.bytes(older)
        let files = try TestTar.members(of: older).map { ($0.name, Array(bytes[$0.offset..<$0.offset + $0.size])) }
        let lying = try bench.write(TestBundle.encode(files, version: "1.1"))
        // Its signed metadata is good, and offers 1.1: which is not in it.
        #expect(code { try instance.apply(lying) } == "bundle/incomplete")
        #expect(try instance.wholeVersion() == nil)
    }
}

/// A bundle of these files, put together by the writer's own header code: names may be long.
enum TestBundle {
    static func encode(_ files: [(String, [UInt8])], version: String = "1.0") -> [UInt8] {
        let manifest = TestTar.manifest(version: version)
        return TestTar.header(manifest) + TestTar.padded(manifest.bytes)
            + files.flatMap { name, bytes in
                BundleHeader(name: ByteString(name), size: bytes.count).encoded + TestTar.padded(bytes)
            } + [UInt8](repeating: 0, count: 1024)
    }
}

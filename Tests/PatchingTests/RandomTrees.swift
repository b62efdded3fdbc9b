import Primitives
import Releases

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// A random tree and another that came from it by renames, edits, modes, links and whatever else happens to trees.
struct RandomPair {
    private static let names = [
        "a", "b-1.2", "lib", "nfc-\u{e9}", "nfd-e\u{301}", "日本", "x y", "RECORD", "app-1.2.dist-info",
        "main-Ab12Cd34.js",
        "-", "a.b", "README.md", "#",
    ]

    let old: MemoryTree
    let new: MemoryTree

    init(seed: Int) {
        var generator = SeededGenerator(seed)
        var tree = MemoryTree()
        for _ in 0..<Int.random(in: 0...25, using: &generator) { Self.grow(&tree, &generator) }
        old = tree
        for _ in 0..<Int.random(in: 0...8, using: &generator) { Self.change(&tree, &generator) }
        new = tree
    }

    private static func grow(_ tree: inout MemoryTree, _ generator: inout SeededGenerator) {
        let folders = tree.nodes.filter { $0.value == .folder }.keys.sorted()
        let parent = folders.isEmpty || Bool.random(using: &generator) ? nil : folders.randomElement(using: &generator)
        let name = names[Int.random(in: 0..<names.count, using: &generator)]
        let path = parent.map { ByteString("\(String(decoding: $0.bytes, as: UTF8.self))/\(name)") } ?? ByteString(name)
        guard tree.nodes[path] == nil, path.components.count < 6 else { return }
        tree.nodes[path] = node(&generator)
    }

    private static func node(_ generator: inout SeededGenerator) -> MemoryTree.Node {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: .folder
        case 3: .link(names[Int.random(in: 0..<names.count, using: &generator)])
        case 4: .file([], executable: Bool.random(using: &generator))
        case 5: .file(noise(Int.random(in: 1...3000, using: &generator), &generator))
        default: .file(text(Int.random(in: 1...200, using: &generator), &generator))
        }
    }

    private static func noise(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func text(_ lines: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<lines).flatMap { _ in Array("line \(Int.random(in: 0...50, using: &generator)) of text\n".utf8) }
    }

    private static func change(_ tree: inout MemoryTree, _ generator: inout SeededGenerator) {
        guard let path = tree.nodes.keys.sorted().randomElement(using: &generator), let node = tree.nodes[path] else {
            return grow(&tree, &generator)
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: remove(path, &tree)
        case 1: move(path, to: ByteString(path.bytes + Array("-1.3".utf8)), &tree)
        case 2: grow(&tree, &generator)
        case 3: tree.nodes[path] = node == .folder ? .folder : Self.node(&generator)
        default: tree.nodes[path] = edited(node, &generator)
        }
    }

    private static func edited(_ node: MemoryTree.Node, _ generator: inout SeededGenerator) -> MemoryTree.Node {
        switch node {
        case .folder: return .folder
        case .link(let target): return .link(target + "x")
        case .file(var bytes, let executable):
            if Bool.random(using: &generator) { return .file(bytes, executable: !executable) }
            let place = Int.random(in: 0...bytes.count, using: &generator)
            bytes.insert(contentsOf: noise(Int.random(in: 0...20, using: &generator), &generator), at: place)
            return .file(bytes, executable: executable)
        }
    }

    private static func below(_ path: ByteString, _ tree: MemoryTree) -> [ByteString] {
        tree.nodes.keys.filter { $0 == path || $0.bytes.starts(with: path.bytes + [UInt8(ascii: "/")]) }
    }

    private static func remove(_ path: ByteString, _ tree: inout MemoryTree) {
        for path in below(path, tree) { tree.nodes[path] = nil }
    }

    private static func move(_ path: ByteString, to target: ByteString, _ tree: inout MemoryTree) {
        guard tree.nodes[target] == nil else { return }
        for inner in below(path, tree) {
            tree.nodes[ByteString(target.bytes + inner.bytes.dropFirst(path.count))] = tree.nodes[inner]
            tree.nodes[inner] = nil
        }
    }
}

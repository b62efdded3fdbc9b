import Primitives
import Releases

extension Plan {
    /// Reads a plan over `old`. What it makes is checked by making a listing of it, not here; here only that it can be
    /// carried out, that paths rise, and that it is in its one encoding. Throws `PatchFault`.
    init(decoding bytes: [UInt8], over old: TreeListing, limits: TreeLimits) throws(PatchFault) {
        var reader = NumberReader(bytes)
        renames = bytes.isEmpty ? [] : try Self.renames(&reader, old, limits)
        var walk = PlanWalk(try RenamedTree(old, renames, limits: limits), reader, limits)
        entries = try walk.entries()
        guard try encoded(over: old, limits: limits) == bytes else { throw PatchFault(.notCanonical, at: "plan") }
    }

    private static func renames(
        _ reader: inout NumberReader, _ old: TreeListing, _ limits: TreeLimits
    ) throws(PatchFault) -> [Rename] {
        var renames: [Rename] = []
        var folder = 0
        for _ in 0..<(try reader.number(atMost: old.entries.count, "renames")) {
            folder += try reader.number(atMost: old.entries.count, "old folder")
            guard folder < old.entries.count else { throw PatchFault(.malformed, found: "a rename of no folder") }
            let path = try SharedEnds.read(&reader, against: old.entries[folder].path, limit: limits.pathBytes)
            renames.append(Rename(folder: folder, path: path))
        }
        return renames
    }
}

/// Carries out the instructions of a plan on paper.
private struct PlanWalk {
    private let tree: RenamedTree
    private let limits: TreeLimits
    private var reader: NumberReader
    private var next = 0
    private var made: [PlannedEntry] = []
    private var lastSource = 0

    init(_ tree: RenamedTree, _ reader: NumberReader, _ limits: TreeLimits) {
        (self.tree, self.reader, self.limits) = (tree, reader, limits)
    }

    mutating func entries() throws(PatchFault) -> [PlannedEntry] {
        while !reader.isAtEnd { try follow(try reader.number()) }
        try keep(tree.places.count - next, turned: false)
        return made
    }

    private mutating func follow(_ number: Int) throws(PatchFault) {
        let how = number >> Instruction.bits
        switch Instruction(rawValue: number & Instruction.mask) {
        case .keep: try keep(try run(how), turned: false)
        case .delete: next += try run(how)
        case .mode: try keep(try run(how), turned: true)
        case .edit: try edit(EditHow(number: how))
        case .link where how == 0: try relink()
        case .create: try create(how)
        default: throw PatchFault(.malformed, found: "instruction \(number)")
        }
    }

    /// The number of old entries that a run goes over.
    private func run(_ how: Int) throws(PatchFault) -> Int {
        guard how < tree.places.count - next else { throw PatchFault(.malformed, found: "a run beyond the old tree") }
        return how + 1
    }

    private mutating func append(_ path: ByteString, _ kind: PlannedEntry.Kind) throws(PatchFault) {
        if let last = made.last, !(last.path < path) {
            throw PatchFault(.malformed, found: "a path out of order", at: path.description)
        }
        guard made.count < limits.entries else {
            throw PatchFault(.tooLarge, found: "more entries", expected: "at most \(limits.entries)")
        }
        made.append(PlannedEntry(path: path, kind: kind))
    }

    private mutating func keep(_ count: Int, turned: Bool) throws(PatchFault) {
        for place in tree.places[next..<next + count] {
            switch tree.old.entries[place.index].kind {
            case .file(_, _, let executable):
                try append(place.path, .file(executable: executable != turned, .whole(place.index)))
            case _ where turned: throw PatchFault(.malformed, found: "a mode for no file", at: place.path.description)
            case .directory: try append(place.path, .directory)
            case .link(let target): try append(place.path, .link(target: target))
            }
        }
        next += count
    }

    private mutating func edit(_ how: EditHow) throws(PatchFault) {
        guard next < tree.places.count else { throw PatchFault(.malformed, found: "an edit beyond the old tree") }
        let place = tree.places[next]
        guard case .file(let size, _, let executable) = tree.old.entries[place.index].kind else {
            throw PatchFault(.malformed, found: "an edit of no file", at: place.path.description)
        }
        let newSize = try reader.number(from: size, in: 0...limits.bytes, "size")
        let edit = PlannedEdit(
            method: how.method, transform: how.transform, reference: how.method == .literal ? nil : place.index,
            size: newSize, expandedSize: try expanded(how.transform, newSize))
        try append(place.path, .file(executable: executable != how.turned, .edit(edit)))
        next += 1
    }

    private mutating func expanded(_ transform: EditTransform, _ size: Int) throws(PatchFault) -> Int {
        transform == .none ? size : try reader.number(from: size, in: 0...limits.bytes, "expanded size")
    }

    private mutating func relink() throws(PatchFault) {
        guard next < tree.places.count, case .link(let old) = tree.old.entries[tree.places[next].index].kind else {
            throw PatchFault(.malformed, found: "a target for no link")
        }
        let target = try SharedEnds.read(&reader, against: old, limit: limits.pathBytes)
        try append(tree.places[next].path, .link(target: target))
        next += 1
    }

    private mutating func create(_ how: Int) throws(PatchFault) {
        guard how >> 3 == 0, let base = PathBase(rawValue: how >> 2) else {
            throw PatchFault(.malformed, found: "create \(how)")
        }
        switch how & 3 {
        case 0: try append(try path(base, nil), .directory)
        case 1:
            let path = try path(base, nil)
            let target = try SharedEnds.read(&reader, against: "", limit: limits.pathBytes)
            try append(path, .link(target: target))
        case 2:
            let how = try SourceHow(number: try reader.number())
            let (source, file) = try source(how)
            try append(try path(base, file), .file(executable: how.executable, source))
        default: throw PatchFault(.malformed, found: "create \(how)")
        }
    }

    private mutating func path(_ base: PathBase, _ source: Int?) throws(PatchFault) -> ByteString {
        switch base {
        case .previous:
            return try SharedEnds.read(&reader, against: made.last?.path ?? "", limit: limits.pathBytes)
        case .source:
            guard let source else { throw PatchFault(.malformed, found: "a path against no source") }
            return try SharedEnds.read(&reader, against: tree.paths[source], limit: limits.pathBytes)
        }
    }

    private mutating func source(_ how: SourceHow) throws(PatchFault) -> (FileSource, file: Int?) {
        if how.kind == .literal || how.kind == .bulk {
            let size = try reader.number(atMost: limits.bytes, "size")
            let edit = PlannedEdit(
                method: .literal, transform: how.transform, reference: nil, size: size,
                expandedSize: try expanded(how.transform, size), isBulk: how.kind == .bulk)
            return (.edit(edit), nil)
        }
        let entries = tree.old.entries
        guard !entries.isEmpty else { throw PatchFault(.malformed, found: "a source in an empty tree") }
        let index = try reader.number(from: lastSource, in: 0...entries.count - 1, "old file")
        guard case .file(let oldSize, _, _) = entries[index].kind else {
            throw PatchFault(.malformed, found: "a source that is no file", at: entries[index].path.description)
        }
        lastSource = index
        guard how.kind == .edit else { return (.whole(index), index) }
        let size = try reader.number(from: oldSize, in: 0...limits.bytes, "size")
        let edit = PlannedEdit(
            method: how.method, transform: how.transform, reference: index, size: size,
            expandedSize: try expanded(how.transform, size))
        return (.edit(edit), index)
    }
}

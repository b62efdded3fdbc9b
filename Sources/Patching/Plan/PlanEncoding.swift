import Primitives
import Releases

extension Plan {
    /// The one encoding of this plan over `old`. The inverse is `init(decoding:…)`.
    func encoded(over old: TreeListing, limits: TreeLimits = TreeLimits()) throws(PatchFault) -> [UInt8] {
        let tree = try RenamedTree(old, renames, limits: limits)
        var writer = PlanWriter(tree)
        writer.write(renames)
        for entry in entries { writer.write(entry) }
        return writer.finish(isEmpty: renames.isEmpty)
    }
}

/// Walks over the old tree while new entries are written.
private struct PlanWriter {
    private let tree: RenamedTree
    private var writer = NumberWriter()
    private var next = 0
    private var run: (what: Instruction, count: Int)?
    private var previousPath = ByteString([])
    private var lastSource = 0
    private var hasInstructions = false

    init(_ tree: RenamedTree) { self.tree = tree }

    mutating func write(_ renames: [Plan.Rename]) {
        writer.append(renames.count)
        var last = 0
        for rename in renames {
            writer.append(rename.folder - last)
            last = rename.folder
            SharedEnds(rename.path, against: tree.old.entries[rename.folder].path).write(to: &writer)
        }
    }

    mutating func write(_ entry: PlannedEntry) {
        while next < tree.places.count, tree.places[next].path < entry.path { step(.delete) }
        if next < tree.places.count, tree.places[next].path == entry.path {
            if !writeInPlace(entry) {
                step(.delete)
                create(entry)
            }
        } else {
            create(entry)
        }
        previousPath = entry.path
    }

    /// No bytes at all for a plan that changes nothing.
    mutating func finish(isEmpty: Bool) -> [UInt8] {
        while next < tree.places.count { step(.delete) }
        if run?.what == .keep { run = nil }
        endRun()
        return isEmpty && !hasInstructions ? [] : writer.bytes
    }

    /// Whether the entry can be made from the old one that stands at its path.
    private mutating func writeInPlace(_ entry: PlannedEntry) -> Bool {
        let index = tree.places[next].index
        switch (tree.old.entries[index].kind, entry.kind) {
        case (.directory, .directory): step(.keep)
        case (.link(let old), .link(let new)):
            if old == new { step(.keep) } else { relink(new, from: old) }
        case (.file(let size, _, let wasExecutable), .file(let executable, let source)):
            switch source {
            case .whole(index): step(executable == wasExecutable ? .keep : .mode)
            case .edit(let edit) where (edit.reference ?? index) == index && !edit.isBulk:
                endRun()
                emit(.edit, EditHow(edit, turned: executable != wasExecutable).number)
                writer.append(signed: edit.size - size)
                writeExpanded(edit)
                next += 1
            default: return false
            }
        default: return false
        }
        return true
    }

    private mutating func relink(_ target: ByteString, from old: ByteString) {
        endRun()
        emit(.link, 0)
        SharedEnds(target, against: old).write(to: &writer)
        next += 1
    }

    private mutating func create(_ entry: PlannedEntry) {
        endRun()
        let (kind, source): (Int, Int?) =
            switch entry.kind {
            case .directory: (0, nil)
            case .link: (1, nil)
            case .file(_, .whole(let index)): (2, index)
            case .file(_, .edit(let edit)): (2, edit.reference)
            }
        let (base, ends) = PathBase.best(entry.path, previous: previousPath, source: source.map { tree.paths[$0] })
        emit(.create, kind | base.rawValue << 2)
        if case .file(let executable, let source) = entry.kind { write(source, executable) }
        ends.write(to: &writer)
        if case .link(let target) = entry.kind { SharedEnds(target, against: "").write(to: &writer) }
    }

    private mutating func write(_ source: FileSource, _ executable: Bool) {
        writer.append(SourceHow(executable: executable, source).number)
        switch source {
        case .whole(let index): write(source: index)
        case .edit(let edit):
            var base = 0
            if let reference = edit.reference {
                write(source: reference)
                base = tree.old.entries[reference].size
            }
            if edit.reference == nil { writer.append(edit.size) } else { writer.append(signed: edit.size - base) }
            writeExpanded(edit)
        }
    }

    private mutating func write(source index: Int) {
        writer.append(signed: index - lastSource)
        lastSource = index
    }

    private mutating func writeExpanded(_ edit: PlannedEdit) {
        if edit.transform != .none { writer.append(signed: edit.expandedSize - edit.size) }
    }

    private mutating func step(_ what: Instruction) {
        if run?.what != what { endRun() }
        run = (what, (run?.count ?? 0) + 1)
        next += 1
    }

    private mutating func endRun() {
        if let run { emit(run.what, run.count - 1) }
        run = nil
    }

    private mutating func emit(_ what: Instruction, _ how: Int) {
        hasInstructions = true
        writer.append(what.number(how))
    }
}

/// What the path of a created entry is coded against.
enum PathBase: Int {
    case previous, source

    /// The base with fewer bytes to write; the previous path when both have as many.
    static func best(
        _ path: ByteString, previous: ByteString, source: ByteString?
    ) -> (base: PathBase, ends: SharedEnds) {
        let plain = SharedEnds(path, against: previous)
        guard let source else { return (.previous, plain) }
        let other = SharedEnds(path, against: source)
        return other.cost < plain.cost ? (.source, other) : (.previous, plain)
    }
}

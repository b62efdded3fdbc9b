import Primitives

/// One instruction's number: what in the lowest three bits, how in the rest.
enum Instruction: Int {
    case keep, delete, mode, edit, link, create

    static let bits = 3
    static let mask = 1 << bits - 1

    func number(_ how: Int) -> Int { how << Self.bits | rawValue }
}

/// How an edit in place is made, as the number in its instruction.
struct EditHow: Equatable {
    var method: EditMethod
    var turned: Bool
    var transform: EditTransform

    var number: Int { Int(method.rawValue) | (turned ? 1 : 0) << 2 | transform.rawValue << 3 }

    init(_ edit: PlannedEdit, turned: Bool) {
        (method, self.turned, transform) = (edit.method, turned, edit.transform)
    }

    init(number: Int) throws(PatchFault) {
        guard number >> 5 == 0, let method = EditMethod(rawValue: UInt8(number & 3)),
            let transform = EditTransform(rawValue: number >> 3)
        else { throw PatchFault(.malformed, found: "edit \(number)") }
        (self.method, turned, self.transform) = (method, number >> 2 & 1 == 1, transform)
    }
}

/// Where a created file comes from, as a number.
struct SourceHow: Equatable {
    enum Kind: Int { case whole, edit, literal, bulk }

    var executable: Bool
    var kind: Kind
    var method: EditMethod
    var transform: EditTransform

    var number: Int {
        (executable ? 1 : 0) | kind.rawValue << 1 | (kind == .edit ? Int(method.rawValue) << 3 : 0)
            | (kind == .whole || kind == .bulk ? 0 : transform.rawValue << 5)
    }

    init(executable: Bool, _ source: FileSource) {
        self.executable = executable
        switch source {
        case .whole: (kind, method, transform) = (.whole, .literal, .none)
        case .edit(let edit):
            (kind, method, transform) = (
                edit.reference != nil ? .edit : edit.isBulk ? .bulk : .literal, edit.method, edit.transform
            )
        }
    }

    init(number: Int) throws(PatchFault) {
        guard number >> 7 == 0, let kind = Kind(rawValue: number >> 1 & 3),
            let method = EditMethod(rawValue: UInt8(number >> 3 & 3)),
            let transform = EditTransform(rawValue: number >> 5),
            (kind == .edit) == (method != .literal), kind != .bulk || transform == .none
        else { throw PatchFault(.malformed, found: "source \(number)") }
        (executable, self.kind, self.method, self.transform) = (number & 1 == 1, kind, method, transform)
    }
}

/// `length` bytes of a new file that are taken, with differences, from an old one. Both files are below `largestFile`, so that
/// a million blocks are 12 MB.
struct Block: Equatable {
    /// Bytes.
    static let largestFile = Int(Int32.max)

    private var oldStart: Int32
    private var newStart: Int32
    private var count: Int32

    init(old: Int, new: Int, length: Int) {
        oldStart = Int32(truncatingIfNeeded: old)
        newStart = Int32(truncatingIfNeeded: new)
        count = Int32(truncatingIfNeeded: length)
    }

    var old: Int { Int(oldStart) }
    var new: Int { Int(newStart) }
    var length: Int { Int(count) }
    var oldEnd: Int { old &+ length }
    var newEnd: Int { new &+ length }
    /// What to add to an offset in the old file.
    var shift: Int { new &- old }
}

/// `length` bytes of a new file that are taken, with differences, from an old one.
struct Block: Equatable {
    var old: Int
    var new: Int
    var length: Int

    var oldEnd: Int { old &+ length }
    var newEnd: Int { new &+ length }
    /// What to add to an offset in the old file.
    var shift: Int { new &- old }
}

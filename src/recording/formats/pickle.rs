//! Python's pickles, as far as they hold plain tensors and arrays. In: the bytes of a pickle. Out: its dictionaries, lists,
//! numbers, texts, NumPy arrays and PyTorch tensors as a tree. Nothing is ever executed: what names any other class or
//! function of Python is refused, with its name.
//!
//! The operations are those of CPython's `Lib/pickletools.py`, protocols 2 to 5.

use std::collections::HashMap;
use std::ops::Range;

use super::arrays::Element;

/// Objects of one pickle.
const MOST_OBJECTS: usize = 2_000_000;

/// Arguments of a function, sides of an array.
const MOST_PARTS: usize = 32;

/// Index of a [`Value`] in its [`Pickle`].
pub(super) type Handle = usize;

/// What a pickle can hold here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Int(i64),
    Float(f64),
    Text(String),
    /// These bytes of the pickle.
    Bytes(Range<usize>),
    Tuple(Vec<Handle>),
    List(Vec<Handle>),
    Dict(Vec<(Handle, Handle)>),
    /// A class or function by its name, like `torch FloatStorage`.
    Global(String),
    /// Values of PyTorch, in the archive's member of that key.
    Storage {
        element: Element,
        key: String,
    },
    /// Part of a storage.
    Tensor {
        storage: Handle,
        offset: u64,
        shape: Vec<u64>,
        strides: Vec<u64>,
    },
    /// Type of a NumPy array; none for Python objects.
    Type {
        element: Option<Element>,
        big_endian: bool,
    },
    /// A NumPy array.
    Array(NumPy),
}

/// A NumPy array whose values are `bytes` of the pickle.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NumPy {
    pub(super) shape: Vec<u64>,
    pub(super) element: Option<Element>,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) bytes: Range<usize>,
    /// Of an array of Python objects: the list of them.
    pub(super) objects: Option<Handle>,
}

/// Why a pickle was not read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The byte where it is damaged, and what is wrong there.
    Damaged(usize, String),
    /// It is whole, but holds something else than tensors and arrays.
    Foreign(String),
}

/// A pickle that was read. Values lie in one list, so neither circles nor depth can harm.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) values: Vec<Value>,
    pub(super) root: Handle,
}

impl Pickle {
    /// Reads one pickle from the beginning of `data`.
    pub(super) fn parse(data: &[u8]) -> Result<Self, Trouble> {
        let mut machine =
            Machine { data, at: 0, values: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
        let root = machine.run()?;
        Ok(Self { values: machine.values, root })
    }
}

struct Machine<'a> {
    data: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Handle>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Handle>,
}

/// Type of NumPy's code, like `f8`.
fn numpy_element(code: &str) -> Option<Element> {
    Some(match code {
        "b1" | "?" => Element::Bool,
        "i1" => Element::I8,
        "i2" => Element::I16,
        "i4" => Element::I32,
        "i8" => Element::I64,
        "u1" => Element::U8,
        "u2" => Element::U16,
        "u4" => Element::U32,
        "u8" => Element::U64,
        "f4" => Element::F32,
        "f8" => Element::F64,
        _ => return None,
    })
}

/// Type of PyTorch's class of storage.
fn torch_element(class: &str) -> Option<Element> {
    Some(match class.strip_prefix("torch ")? {
        "BoolStorage" => Element::Bool,
        "CharStorage" => Element::I8,
        "ShortStorage" => Element::I16,
        "IntStorage" => Element::I32,
        "LongStorage" => Element::I64,
        "ByteStorage" => Element::U8,
        "FloatStorage" => Element::F32,
        "DoubleStorage" => Element::F64,
        _ => return None,
    })
}

impl Machine<'_> {
    fn damaged(&self, reason: impl Into<String>) -> Trouble {
        Trouble::Damaged(self.at, reason.into())
    }

    fn take(&mut self, count: usize) -> Result<Range<usize>, Trouble> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.data.len());
        let end = end.ok_or_else(|| self.damaged("the pickle ends early"))?;
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    /// A little-endian number of `count` bytes.
    fn number(&mut self, count: usize) -> Result<u64, Trouble> {
        let range = self.take(count)?;
        Ok(self.data[range].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length(&mut self, count: usize) -> Result<usize, Trouble> {
        let value = self.number(count)?;
        usize::try_from(value).map_err(|_| self.damaged("a length beyond all memory"))
    }

    fn line(&mut self) -> Result<String, Trouble> {
        let rest = &self.data[self.at..];
        let len = rest.iter().take(4096).position(|byte| *byte == b'\n');
        let len = len.ok_or_else(|| self.damaged("a name without end"))?;
        let text = String::from_utf8_lossy(&rest[..len]).into_owned();
        self.at += len + 1;
        Ok(text)
    }

    fn text(&mut self, len: usize) -> Result<String, Trouble> {
        let range = self.take(len)?;
        Ok(String::from_utf8_lossy(&self.data[range]).into_owned())
    }

    fn push(&mut self, value: Value) -> Result<(), Trouble> {
        if self.values.len() >= MOST_OBJECTS {
            return Err(Trouble::Foreign(format!("it has more than {MOST_OBJECTS} Python objects")));
        }
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
        Ok(())
    }

    fn pop(&mut self) -> Result<Handle, Trouble> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.damaged("an operation lacks its value"));
        }
        self.stack.pop().ok_or_else(|| self.damaged("an operation lacks its value"))
    }

    fn top(&self) -> Result<Handle, Trouble> {
        self.stack.last().copied().ok_or_else(|| self.damaged("an operation lacks its value"))
    }

    fn since_mark(&mut self) -> Result<Vec<Handle>, Trouble> {
        let mark = self.marks.pop().ok_or_else(|| self.damaged("an operation lacks its mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn tuple(&mut self, count: usize) -> Result<(), Trouble> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Value::Tuple(items))
    }

    fn remember(&mut self, key: u64) -> Result<(), Trouble> {
        let key = u32::try_from(key).map_err(|_| self.damaged("a memo beyond all numbers"))?;
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<(), Trouble> {
        let found = u32::try_from(key).ok().and_then(|key| self.memo.get(&key).copied());
        let found = found.ok_or_else(|| self.damaged(format!("it recalls object {key}, which it never kept")))?;
        self.stack.push(found);
        Ok(())
    }

    /// Adds to the list that is on top.
    fn append(&mut self, items: Vec<Handle>) -> Result<(), Trouble> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::List(list) => list.extend(items),
            _ => return Err(self.damaged("it appends to what is no list")),
        }
        Ok(())
    }

    /// Adds to the dictionary that is on top.
    fn set_items(&mut self, items: &[Handle]) -> Result<(), Trouble> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::Dict(dict) if items.len().is_multiple_of(2) => {
                dict.extend(items.as_chunks::<2>().0.iter().map(|pair| (pair[0], pair[1])));
            }
            _ => return Err(self.damaged("it sets items of what is no dictionary")),
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Handle, Trouble> {
        loop {
            let at = self.take(1)?.start;
            match self.data[at] {
                b'.' => return self.pop(),
                0x80 => {
                    self.number(1)?;
                }
                0x95 => {
                    self.number(8)?;
                }
                b'(' => self.marks.push(self.stack.len()),
                b'0' => {
                    self.pop()?;
                }
                b'N' => self.push(Value::None)?,
                0x88 => self.push(Value::Int(1))?,
                0x89 => self.push(Value::Int(0))?,
                b'K' => {
                    let value = self.number(1)?;
                    self.push(Value::Int(value as i64))?;
                }
                b'M' => {
                    let value = self.number(2)?;
                    self.push(Value::Int(value as i64))?;
                }
                b'J' => {
                    let value = self.number(4)? as u32 as i32;
                    self.push(Value::Int(value.into()))?;
                }
                0x8a => self.long()?,
                b'G' => {
                    let range = self.take(8)?;
                    let bits = self.data[range].iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
                    self.push(Value::Float(f64::from_bits(bits)))?;
                }
                code @ (0x8c | b'U' | b'X' | b'T' | 0x8d) => {
                    let len = self.length(match code {
                        0x8c | b'U' => 1,
                        0x8d => 8,
                        _ => 4,
                    })?;
                    let text = self.text(len)?;
                    self.push(Value::Text(text))?;
                }
                code @ (b'C' | b'B' | 0x8e | 0x96) => {
                    let len = self.length(match code {
                        b'C' => 1,
                        b'B' => 4,
                        _ => 8,
                    })?;
                    let range = self.take(len)?;
                    self.push(Value::Bytes(range))?;
                }
                // A buffer that may be written, or not: all the same here.
                0x98 => {}
                b')' => self.push(Value::Tuple(Vec::new()))?,
                0x85 => self.tuple(1)?,
                0x86 => self.tuple(2)?,
                0x87 => self.tuple(3)?,
                b't' => {
                    let items = self.since_mark()?;
                    self.push(Value::Tuple(items))?;
                }
                b']' => self.push(Value::List(Vec::new()))?,
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.since_mark()?;
                    self.append(items)?;
                }
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set_items(&[key, value])?;
                }
                b'u' => {
                    let items = self.since_mark()?;
                    self.set_items(&items)?;
                }
                b'q' => {
                    let key = self.number(1)?;
                    self.remember(key)?;
                }
                b'r' => {
                    let key = self.number(4)?;
                    self.remember(key)?;
                }
                0x94 => self.remember(self.memo.len() as u64)?,
                b'h' => {
                    let key = self.number(1)?;
                    self.recall(key)?;
                }
                b'j' => {
                    let key = self.number(4)?;
                    self.recall(key)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.global(&module, &name)?;
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    match (self.values[module].clone(), self.values[name].clone()) {
                        (Value::Text(module), Value::Text(name)) => self.global(&module, &name)?,
                        _ => return Err(self.damaged("a class without a name")),
                    }
                }
                b'Q' => self.persistent()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                // Whole pickles of other things have these.
                b'1'
                | b'2'
                | b'F'
                | b'I'
                | b'L'
                | b'S'
                | b'V'
                | b'P'
                | b'i'
                | b'o'
                | b'l'
                | b'd'
                | b'p'
                | b'g'
                | 0x81..=0x84
                | 0x8b
                | 0x8f..=0x92
                | 0x97 => {
                    return Err(Trouble::Foreign(format!(
                        "at byte {at} of its pickle it needs more than plain tensors and NumPy arrays"
                    )));
                }
                code => return Err(Trouble::Damaged(at, format!("{code:#04x} is no operation of a pickle"))),
            }
        }
    }

    fn long(&mut self) -> Result<(), Trouble> {
        let len = self.length(1)?;
        if len > 8 {
            return Err(Trouble::Foreign("it holds a number above 64 bits, as files of PyTorch before 1.6 do".into()));
        }
        let value = self.number(len)?;
        // Sign of the highest byte that is there.
        let unused = 64 - 8 * len as u32;
        let value = if len == 0 { 0 } else { (value << unused) as i64 >> unused };
        self.push(Value::Int(value))
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), Trouble> {
        let module = module.replace("numpy._core", "numpy.core");
        let full = format!("{module} {name}");
        let is_known = matches!(
            full.as_str(),
            "collections OrderedDict"
                | "torch._utils _rebuild_tensor_v2"
                | "torch._utils _rebuild_parameter"
                | "numpy ndarray"
                | "numpy dtype"
                | "numpy.core.multiarray _reconstruct"
                | "numpy.core.multiarray scalar"
                | "numpy.core.numeric _frombuffer"
        ) || torch_element(&full).is_some();
        if !is_known {
            return Err(Trouble::Foreign(format!(
                "it holds a {module}.{name} of Python; of pickles only plain tensors and NumPy arrays are read"
            )));
        }
        self.push(Value::Global(full))
    }

    /// PyTorch: `("storage", class, key, device, count)`.
    fn persistent(&mut self) -> Result<(), Trouble> {
        let id = self.pop()?;
        let parts = self.parts(id);
        let part = |index: usize| parts.get(index).map(|part| &self.values[*part]);
        let value = match (part(0), part(1), part(2)) {
            (Some(Value::Text(kind)), Some(Value::Global(class)), Some(Value::Text(key))) if kind == "storage" => {
                torch_element(class).map(|element| Value::Storage { element, key: key.clone() })
            }
            _ => None,
        };
        let value = value.ok_or_else(|| self.damaged("a reference to something that is no storage"))?;
        self.push(value)
    }

    /// Of a tuple; none where it has more than anything that is known here.
    fn parts(&self, handle: Handle) -> Vec<Handle> {
        match &self.values[handle] {
            Value::Tuple(parts) if parts.len() <= MOST_PARTS => parts.clone(),
            _ => Vec::new(),
        }
    }

    fn whole(&self, handle: Option<&Handle>) -> Option<u64> {
        match self.values.get(*handle?)? {
            Value::Int(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    fn sides(&self, handle: Option<&Handle>) -> Option<Vec<u64>> {
        match self.values.get(*handle?)? {
            Value::Tuple(sides) | Value::List(sides) if sides.len() <= MOST_PARTS => {
                sides.iter().map(|side| self.whole(Some(side))).collect()
            }
            _ => None,
        }
    }

    /// A function and its arguments.
    fn reduce(&mut self) -> Result<(), Trouble> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Global(name) = self.values[function].clone() else {
            return Err(self.damaged("it calls what is no function"));
        };
        let arguments = self.parts(arguments);
        let value = match name.as_str() {
            "collections OrderedDict" => Some(Value::Dict(Vec::new())),
            "torch._utils _rebuild_tensor_v2" => self.tensor(&arguments),
            "torch._utils _rebuild_parameter" => arguments.first().map(|tensor| self.values[*tensor].clone()),
            "numpy dtype" => arguments.first().and_then(|code| match &self.values[*code] {
                Value::Text(code) => Some(Value::Type {
                    element: numpy_element(code.trim_start_matches(['<', '>', '|', '='])),
                    big_endian: code.starts_with('>'),
                }),
                _ => None,
            }),
            "numpy.core.multiarray _reconstruct" => Some(Value::Array(NumPy::default())),
            "numpy.core.multiarray scalar" => match arguments.as_slice() {
                [kind, bytes] => self.array(Vec::new(), *kind, *bytes, false),
                _ => None,
            },
            "numpy.core.numeric _frombuffer" => match arguments.as_slice() {
                [bytes, kind, shape, order] => {
                    let fortran = matches!(&self.values[*order], Value::Text(order) if order == "F");
                    self.sides(Some(shape)).and_then(|shape| self.array(shape, *kind, *bytes, fortran))
                }
                _ => None,
            },
            _ => None,
        };
        let value = value.ok_or_else(|| self.damaged(format!("wrong arguments for {name}")))?;
        self.push(value)
    }

    fn tensor(&self, arguments: &[Handle]) -> Option<Value> {
        let storage = *arguments.first()?;
        let (shape, strides) = (self.sides(arguments.get(2))?, self.sides(arguments.get(3))?);
        let is_sound = matches!(self.values[storage], Value::Storage { .. }) && shape.len() == strides.len();
        is_sound.then_some(Value::Tensor { storage, offset: self.whole(arguments.get(1))?, shape, strides })
    }

    fn array(&self, shape: Vec<u64>, kind: Handle, bytes: Handle, fortran: bool) -> Option<Value> {
        let Value::Type { element, big_endian } = self.values[kind] else { return None };
        let array = NumPy { shape, element, big_endian, fortran, ..NumPy::default() };
        Some(Value::Array(match &self.values[bytes] {
            Value::Bytes(range) => NumPy { bytes: range.clone(), ..array },
            Value::List(_) => NumPy { objects: Some(bytes), ..array },
            _ => return None,
        }))
    }

    /// The state of the object below it.
    fn build(&mut self) -> Result<(), Trouble> {
        let (state, object) = (self.pop()?, self.top()?);
        let parts = self.parts(state);
        let built = match self.values[object] {
            // `_metadata` of PyTorch's state dictionaries.
            Value::Dict(_) => return Ok(()),
            Value::Type { element, .. } => match parts.get(1).map(|order| &self.values[*order]) {
                Some(Value::Text(order)) => Some(Value::Type { element, big_endian: order == ">" }),
                _ => None,
            },
            Value::Array(_) => match parts.as_slice() {
                [_, shape, kind, fortran, bytes] => {
                    let fortran = self.whole(Some(fortran)) == Some(1);
                    self.sides(Some(shape)).and_then(|shape| self.array(shape, *kind, *bytes, fortran))
                }
                _ => None,
            },
            _ => None,
        };
        self.values[object] = built.ok_or_else(|| self.damaged("an object with the wrong state"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_and_containers() {
        // pickle.dumps({"a": [1, -2, 0.5], "b": (300, None)}, protocol=2)
        let data = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG?\xe0\x00\x00\x00\x00\x00\x00eX\x01\x00\x00\x00bq\x03M,\x01N\x86q\x04u.";
        let pickle = Pickle::parse(data).expect("a pickle");
        let Value::Dict(dict) = &pickle.values[pickle.root] else { panic!("{:?}", pickle.values) };
        assert_eq!(pickle.values[dict[0].0], Value::Text("a".to_owned()));
        let Value::List(list) = &pickle.values[dict[0].1] else { panic!("{:?}", pickle.values) };
        let values: Vec<&Value> = list.iter().map(|item| &pickle.values[*item]).collect();
        assert_eq!(values, [&Value::Int(1), &Value::Int(-2), &Value::Float(0.5)]);
    }

    #[test]
    fn what_could_be_executed_is_refused_by_name() {
        let data = b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.";
        let Err(Trouble::Foreign(reason)) = Pickle::parse(data) else { panic!("it was read") };
        assert!(reason.contains("posix.system"), "{reason}");
        assert!(matches!(Pickle::parse(b"\x80\x02}q\x00(X\xff\xff\xff\xff"), Err(Trouble::Damaged(..))));
        assert!(matches!(Pickle::parse(b"\x80\x02(1."), Err(Trouble::Foreign(..))));
        assert!(matches!(Pickle::parse(b"\x80\x02(\x00."), Err(Trouble::Damaged(..))));
    }
}
